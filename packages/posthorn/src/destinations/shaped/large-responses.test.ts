/** The response to a batch has a result for each message, so that its size grows with the batch. */
import type { EgressRequest, EgressResult } from "@posthorn/egress";
import { expect, it } from "vitest";
import { CLOUD_CONFIGS, type CloudKindName } from "../../../test/support/cloud-kinds.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import type { KindAuthorizer } from "../auth/authorizer.ts";
import type { SendResult } from "../destination.ts";
import type { EndpointSender } from "../http/request.ts";
import { kindNamed } from "../kinds.ts";
import { ShapedDestination } from "./shaped-destination.ts";
import { REQUEST_TIMINGS } from "../../../test/support/request-timings.ts";

const { signal } = new AbortController();
const AUTHORIZER: KindAuthorizer = {
  authorize: ({ url, headers }) => ({ kind: "authorized", url, headers, secretHeaders: [] }),
  isOutdated: () => false,
};

/** Sends a batch of the largest size to a target whose response has this body. */
async function send(
  name: CloudKindName,
  { bodyOf }: { readonly bodyOf: (count: number) => string },
): Promise<readonly SendResult[]> {
  const count = kindNamed(name)!.limits.batch!.items;
  const endpoint = {
    id: "ep_1",
    key: 1,
    destinationKind: name,
    config: CLOUD_CONFIGS[name],
    url: "https://target.example",
    headers: [],
    signer: { signSync: () => "v1,signature" },
    requestSigner: null,
    egress: {},
    egressAllow: null,
    proxyOf: null,
    policy: { values: { limits: { timeoutMs: 30_000 } } },
  } as unknown as DirectoryEndpoint;
  const sender = {
    send: (_: DirectoryEndpoint, { maxResponseBytes }: EgressRequest): Promise<EgressResult> => {
      const all = Buffer.from(bodyOf(count));
      const body = all.subarray(0, maxResponseBytes);
      const truncated = body.byteLength < all.byteLength;
      return Promise.resolve({
        kind: "response",
        status: 200,
        headers: [],
        body,
        truncated,
        timings: REQUEST_TIMINGS,
        peer: null,
      });
    },
  } as EndpointSender;
  const destination = new ShapedDestination({
    sender,
    authorizer: AUTHORIZER,
    now: Date.now,
    families: ["webhook"],
    batchId: () => "batch_1",
  });
  const messages = Array.from({ length: count }, (_, index) => ({
    messageId: `msg_${index}`,
    requestJson: null,
    contentType: "text/plain",
    changed: null,
    endpoint,
    body: Buffer.from("event"),
    facts: null,
  }));
  const results = await destination.sendBatch(messages, { signal, maySend: () => true });
  if (results === "split") throw new Error("The batch was refused.");
  expect(results).toHaveLength(count);
  return results;
}

const RECORD_ID = "r".repeat(224);
const SEQUENCE_NUMBER = "49543463076570308322303623326179887152428262250726293522";
const THROTTLED = {
  ErrorCode: "ProvisionedThroughputExceededException",
  ErrorMessage: `Rate exceeded for shard shardId-000000000007 in stream ${"s".repeat(128)} under account 111122223333.`,
};

/** Bodies for kinds whose results are in the body. For the others, the status counts. */
const ACCEPTED: Partial<Record<CloudKindName, (count: number) => string>> = {
  firehose: (count) =>
    JSON.stringify({
      Encrypted: true,
      FailedPutCount: 0,
      RequestResponses: Array.from({ length: count }, () => ({ RecordId: RECORD_ID })),
    }),
  kinesis: (count) =>
    JSON.stringify({
      FailedRecordCount: 0,
      Records: Array.from({ length: count }, () => ({
        SequenceNumber: SEQUENCE_NUMBER,
        ShardId: "shardId-000000000007",
      })),
    }),
  googlePubSub: (count) =>
    JSON.stringify(
      { messageIds: Array.from({ length: count }, (_, at) => String(19_916_711_285_000_000 + at)) },
      null,
      2,
    ),
};

const LARGE = (Object.keys(CLOUD_CONFIGS) as CloudKindName[]).filter(
  (name) => kindNamed(name)!.limits.batch!.items > 100,
);

it.each(LARGE)("%s: reads the results of the largest batch", async (name) => {
  const results = await send(name, { bodyOf: ACCEPTED[name] ?? (() => "") });
  expect(new Set(results.map((result) => result.kind))).toEqual(new Set(["ok"]));
});

it("retries only the records that Kinesis did not store if most of a large batch failed", async () => {
  const results = await send("kinesis", {
    bodyOf: (count) => {
      const stored = { SequenceNumber: SEQUENCE_NUMBER, ShardId: "shardId-000000000007" };
      const records = Array.from({ length: count }, (_, at) => (at < 10 ? stored : THROTTLED));
      return JSON.stringify({ FailedRecordCount: count - 10, Records: records });
    },
  });
  expect(results.slice(0, 10).map((result) => result.kind)).toEqual(Array.from({ length: 10 }, () => "ok"));
  expect(new Set(results.slice(10).map((result) => result.kind))).toEqual(new Set(["later"]));
});

it("reports that a response was too large to read", async () => {
  const results = await send("firehose", { bodyOf: (count) => ACCEPTED.firehose!(3 * count) });
  for (const result of results) {
    expect(result).toMatchObject({ kind: "retry", errorCode: "protocol_error" });
    expect(result).toHaveProperty("facts.sentence", expect.stringContaining("more than 321536 bytes"));
    expect(result).toHaveProperty("facts.sentence", expect.stringContaining("may have accepted"));
  }
});
