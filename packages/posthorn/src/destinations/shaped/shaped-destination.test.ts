import type { EgressRequest, EgressResult } from "@posthorn/egress";
import { expect, it, vi } from "vitest";
import { CLOUD_CONFIGS } from "../../../test/support/cloud-kinds.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { CloudAuthorizer } from "../auth/cloud-authorizer.ts";
import type { SendResult } from "../destination.ts";
import { SQS } from "../kinds/sqs.ts";
import type { EndpointSender } from "../http/request.ts";
import { ShapedDestination } from "./shaped-destination.ts";
import { REQUEST_TIMINGS } from "../../../test/support/request-timings.ts";

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}

const ENDPOINT = {
  id: "ep_1",
  key: 1,
  destinationKind: "sqs",
  config: CLOUD_CONFIGS.sqs,
  url: CLOUD_CONFIGS.sqs.queueUrl,
  headers: [],
  signer: { signSync: () => "v1,signature" },
  requestSigner: null,
  egress: {},
  egressAllow: null,
  proxyOf: null,
  policy: { values: { limits: { timeoutMs: 30_000 } } },
} as unknown as DirectoryEndpoint;
const { signal } = new AbortController();

/** Sends messages with these bodies to SQS in one turn. */
async function send(
  bodies: readonly string[],
  respond: (entries: readonly Entry[]) => { readonly status: number; readonly body: object } | "timeout",
  maySend: (index: number) => boolean = () => true,
  isRedacted: (index: number) => boolean = () => false,
): Promise<{ readonly requests: readonly (readonly string[])[]; readonly results: readonly SendResult[] }> {
  const requests: string[][] = [];
  const sender = {
    send: (_: DirectoryEndpoint, request: EgressRequest): Promise<EgressResult> => {
      if (request.maySend?.() === false) {
        const failure = { code: "canceled", fault: "canceled", message: "", detail: "" } as const;
        return Promise.resolve({ kind: "error", ...failure, timings: REQUEST_TIMINGS, peer: null });
      }
      const { Entries: entries } = JSON.parse(Buffer.from(request.body!).toString()) as { Entries: readonly Entry[] };
      requests.push(entries.map((entry) => entry.MessageBody));
      const responded = respond(entries);
      if (responded === "timeout") {
        const failure = { code: "timeout", fault: "target", message: "No response.", detail: "" } as const;
        return Promise.resolve({ kind: "error", ...failure, timings: REQUEST_TIMINGS, peer: null });
      }
      const { status, body } = responded;
      const bytes = Buffer.from(JSON.stringify(body));
      const response = { status, headers: ["X-Amzn-RequestId", "r-1"], body: bytes, truncated: false };
      return Promise.resolve({ kind: "response", ...response, timings: REQUEST_TIMINGS, peer: null });
    },
  } as EndpointSender;
  const destination = new ShapedDestination({
    sender,
    authorizer: new CloudAuthorizer(),
    now: Date.now,
    families: ["webhook"],
    batchId: () => "batch_1",
  });
  const results = await Promise.all(
    bodies.map((text, index) => {
      const message = { messageId: `msg_${index}`, requestJson: null, contentType: "text/plain", changed: null };
      const outgoing = { ...message, endpoint: ENDPOINT, body: Buffer.from(text), facts: null };
      const mark = isRedacted(index) ? { isRedacted: true as const } : {};
      return destination.send({ ...outgoing, ...mark }, { signal, maySend: () => maySend(index) });
    }),
  );
  return { requests, results };
}

function stored(entries: readonly Entry[]): { readonly status: number; readonly body: object } {
  return { status: 200, body: { Successful: entries.map(({ Id }) => ({ Id, MessageId: `aws-${Id}` })), Failed: [] } };
}

it("joins messages that are ready at the same time, each with its own result and details", async () => {
  const { requests, results } = await send(["one", "bad", "three"], (entries) => ({
    status: 200,
    body: {
      Successful: entries.filter(({ Id }) => Id !== "1").map(({ Id }) => ({ Id, MessageId: `aws-${Id}` })),
      Failed: [{ Id: "1", Code: "InvalidMessageContents", SenderFault: true, Message: "" }],
    },
  }));
  expect(requests).toEqual([["one", "bad", "three"]]);
  expect(results).toMatchObject([
    { kind: "ok", extra: { reference: "aws-0", batch: { id: "batch_1", index: 0, size: 3 } } },
    { kind: "refused", errorCode: "message_invalid", extra: { batch: { id: "batch_1", index: 1, size: 3 } } },
    { kind: "ok", extra: { reference: "aws-2", batch: { id: "batch_1", index: 2, size: 3 } } },
  ]);
  for (const result of results) {
    expect(result).toMatchObject({ facts: { response: { headers: ["X-Amzn-RequestId", "r-1"] } } });
  }
});

it("sends a message that is ready alone on its own, and records the request", async () => {
  const { requests, results } = await send(["one"], stored);
  expect(requests).toEqual([["one"]]);
  expect(results).toMatchObject([{ kind: "ok", extra: { reference: "aws-0" } }]);
  expect(results[0]).toHaveProperty("sentBody");
  expect(results[0]).not.toHaveProperty("extra.batch");
});

it("sends messages one by one if their joined request was rejected", async () => {
  const { requests, results } = await send(["one", "bad"], (entries) => {
    const isBad = entries.some(({ MessageBody }) => MessageBody === "bad");
    return isBad ? { status: 400, body: { __type: "InvalidMessageContents" } } : stored(entries);
  });
  expect(requests).toEqual([["one", "bad"], ["one"], ["bad"]]);
  expect(results).toMatchObject([{ kind: "ok" }, { kind: "refused", errorCode: "message_invalid" }]);
});

it("names the shared request in attempts without a response, with the size of each message", async () => {
  const { requests, results } = await send(["one", "three"], () => "timeout");
  expect(requests).toEqual([["one", "three"]]);
  expect(results).toMatchObject([
    {
      kind: "retry",
      errorCode: "timeout",
      facts: { bodyBytes: 3 },
      extra: { batch: { id: "batch_1", index: 0, size: 2 } },
    },
    {
      kind: "retry",
      errorCode: "timeout",
      facts: { bodyBytes: 5 },
      extra: { batch: { id: "batch_1", index: 1, size: 2 } },
    },
  ]);
});

it("does not use up attempts of the others for a message that the kind cannot send", async () => {
  const { request } = SQS;
  using spy = vi.spyOn(SQS, "request");
  spy.mockImplementation((config, messages, now) => {
    if (messages.some(({ body }) => Buffer.from(body).toString() === "bad")) throw new Error("a bug");
    return request.call(SQS, config, messages, now);
  });
  const { requests, results } = await send(["one", "bad", "three"], stored);
  expect(requests).toEqual([["one"], ["three"]]);
  expect(results).toMatchObject([{ kind: "ok" }, { kind: "retry", problem: { code: "kind_failed" } }, { kind: "ok" }]);
});

it("sends a redacted message on its own, so that no other one records a response that repeats it", async () => {
  const echo = (entries: readonly Entry[]) => ({ status: 500, body: { message: JSON.stringify(entries) } });
  const { requests, results } = await send(["one", "4111", "three"], echo, undefined, (index) => index === 1);
  expect(requests.map((bodies) => bodies.join()).toSorted()).toEqual(["4111", "one,three"]);
  expect(JSON.stringify([results[0], results[2]])).not.toContain("4111");
});

it("sends messages one by one if one of them is not accepted in a request", async () => {
  const { requests, results } = await send(["one", ""], stored);
  expect(requests).toEqual([["one"]]);
  expect(results).toMatchObject([{ kind: "ok" }, { kind: "refused", extra: { unsent: true } }]);
});

it("does not send a joined request if one of the messages may no longer be sent, and uses no attempt", async () => {
  const { requests, results } = await send(["one", "two"], stored, (index) => index === 0);
  expect(requests).toEqual([]);
  expect(results).toMatchObject([{ kind: "own_fault" }, { kind: "own_fault" }]);
});
