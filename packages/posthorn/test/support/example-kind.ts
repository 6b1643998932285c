/** A small HTTP kind that uses every type of field, for tests of what all kinds share. */
import { httpKind } from "../../src/destinations/kind.ts";

export const EXAMPLE_KIND = httpKind({
  family: "http",
  title: "Example Queue",
  summary: "Adds each event to a queue.",
  group: "queue",
  fields: {
    serverUrl: {
      type: "url",
      label: "Server URL",
      help: "URL of the server.",
      required: true,
      secret: false,
      isTarget: true,
      schemes: ["https:", "http:"],
      example: "https://queue.example.com",
    },
    queue: {
      type: "text",
      label: "Queue",
      help: "Name of the queue.",
      required: true,
      secret: false,
      maxLength: 20,
      pattern: "[a-z]+",
      example: "invoices",
    },
    token: { type: "text", label: "Token", help: "Access token.", required: true, secret: true, maxLength: 200 },
    password: { type: "text", label: "Password", help: "Password.", required: false, secret: true, maxLength: 200 },
    delaySeconds: {
      type: "integer",
      label: "Delay",
      help: "Seconds.",
      required: false,
      secret: false,
      minimum: 0,
      maximum: 900,
      default: 5,
    },
    compress: { type: "boolean", label: "Compress", help: "Compress.", required: false, secret: false, default: false },
    region: {
      type: "choice",
      label: "Region",
      help: "Region.",
      required: false,
      secret: false,
      choices: ["eu", "us"],
    },
  },
  limits: { bodyBytes: 10_000, batch: null },
  idempotency: "key",
  ordering: "key",
  setup: ["Create a queue."],
  check: ({ queue, region }) =>
    queue === "us" && region === "eu" ? { field: "queue", problem: "Wrong region." } : null,
  target: ({ serverUrl, queue }) => `${new URL(serverUrl).origin}/${queue}`,
  request: ({ serverUrl, queue, token }, [message]) => ({
    method: "POST",
    url: `${new URL(serverUrl).origin}/${queue}`,
    headers: [
      "content-type",
      message!.contentType,
      "authorization",
      `Bearer ${token}`,
      "x-id",
      message!.id,
      "x-order",
      message!.orderingKey ?? "",
      ...message!.attributes.flat(),
    ],
    secretHeaders: ["authorization"],
    body: message!.body,
    auth: null,
  }),
  classify: ({ status, headers, body }) => {
    const said = Buffer.from(body).toString("utf8").slice(0, 200);
    const failed = (code: "credentials_refused" | "target_not_found" | "message_invalid" | "target_unavailable") => ({
      code,
      sentence: `Example Queue said "${said}". Check the queue.`,
    });
    if (status === 200) return [{ kind: "ok", reference: said }];
    if (status === 208) return [{ kind: "ok", reference: said, isDuplicate: true }];
    if (status === 401) return [{ kind: "closed", ...failed("credentials_refused") }];
    if (status === 404) return [{ kind: "closed", ...failed("target_not_found") }];
    if (status === 422) return [{ kind: "refused", ...failed("message_invalid") }];
    if (status === 429) {
      const afterMs = Number(headers["retry-after"]) * 1000;
      return [{ kind: "later", code: "rate_limited", sentence: "Example Queue is busy. Wait.", afterMs }];
    }
    return [{ kind: "retry", ...failed("target_unavailable") }];
  },
});
