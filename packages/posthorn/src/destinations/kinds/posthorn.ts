import { classifyReceiverResponse, jsonBody, maskedUrl, oneByOne } from "../chat/responses.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

export const POSTHORN = httpKind({
  family: "http",
  title: "Posthorn",
  summary: "Sends each event to a source of another Posthorn server, unchanged and signed.",
  group: "http",
  fields: {
    url: {
      type: "url",
      schemes: ["https:", "http:"],
      label: "Source URL",
      help: "The URL of the source on the other server.",
      required: true,
      secret: true,
      isTarget: true,
      example: "https://posthorn.example.com/in/abcdef",
    },
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "key",
  ordering: "none",
  setup: [
    "On the other server, create a source of the type Standard Webhooks.",
    "Copy its URL and enter it here.",
    "Save this endpoint, reveal its signing secret, and enter the secret at the source on the other server.",
    "Send a test event. The other server recognises repeated events by their ID.",
  ],
  check: ({ url }) => {
    if (/\/in\/[^/]+\/?$/.test(new URL(url).pathname)) return null;
    return {
      field: "url",
      problem: "This is not the URL of a source, which ends in /in/ and a token. Copy it from the page of the source.",
    };
  },
  target: ({ url }) => maskedUrl(url, new URL(url).pathname.split("/").filter(Boolean).length - 1),
  request: ({ url }, [message]) => {
    const { contentType, attributes, body } = message!;
    const headers = ["content-type", contentType, ...attributes.flat()];
    return { method: "POST", url, headers, secretHeaders: [], body, auth: null };
  },
  classify: oneByOne(classify),
});

function classify(response: KindResponse, now: number): ItemResult {
  const { status } = response;
  if (status >= 200 && status < 300) {
    const { id, duplicate } = jsonBody(response) ?? {};
    return {
      kind: "ok",
      reference: typeof id === "string" ? id : null,
      ...(duplicate === true ? { isDuplicate: true } : {}),
    };
  }
  if (status === 401 || status === 403) {
    const sentence = `The other Posthorn could not verify the signature (HTTP ${status}). Enter the signing secret of this endpoint at its source.`;
    return { kind: "closed", code: "credentials_refused", sentence };
  }
  if (status === 404) {
    const sentence = "The other Posthorn has no source with this URL (HTTP 404). Copy the URL again from the source.";
    return { kind: "closed", code: "target_not_found", sentence };
  }
  return classifyReceiverResponse(response, now);
}
