/** Conformance suite of destination kinds. Each kind runs it against a stand-in for its receivers. */
import { describe, expect, it } from "vitest";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../../src/destinations/destination.ts";
import { batchRules } from "../../src/destinations/batch-rules.ts";
import { DESTINATION_KINDS, kindNamed } from "../../src/destinations/kinds.ts";
import type { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import { eventually } from "../support/dispatch.ts";
import { type Behaviour, EXCEPTIONS } from "./conformance.ts";

export type { Behaviour } from "./conformance.ts";

export interface ReceivedMessage {
  /** ID by which the receiver recognises the message; `null`: the kind sends none. */
  readonly messageId: string | null;
  /** `null`: the kind sends the message in another form. */
  readonly body: Buffer | null;
  /** Key within which the receiver keeps the order; absent: it has none. */
  readonly orderingKey?: string | null;
}

export interface DestinationBench extends AsyncDisposable {
  readonly destination: Destination;
  /** An endpoint at the stand-in. */
  readonly endpoint: DirectoryEndpoint;
  /** Credentials of the endpoint. */
  readonly secrets: readonly string[];
  readonly received: readonly ReceivedMessage[];
  behave(behaviour: Behaviour): void;
  /** The same destination while something on our side is broken, such as the resolver. */
  readonly broken: Destination;
  /** The same endpoint at an address without a listener. */
  readonly unreachable: DirectoryEndpoint;
}

export interface SuiteOptions {
  readonly kind: string;
  /** @param timeoutMs Timeout of the endpoints. */
  readonly open: (timeoutMs: number) => Promise<DestinationBench>;
  /** With a configuration that has batches; absent: `open` has one. */
  readonly openForBatches?: (timeoutMs: number) => Promise<DestinationBench>;
  /** Behaviours that the receivers of this kind do not have. */
  readonly without?: readonly Behaviour[];
  /** Largest body that the kind declares, in bytes; absent: larger than tests can send. */
  readonly maxBodyBytes?: number;
}

const MAX_RESPONSE = 20_000;
/** Longer than any test takes. */
const LONG_MS = 60_000;
const SHORT_MS = 300;
const { signal } = new AbortController();
const LIMITS = { signal, maySend: () => true };

const FACTS = {
  eventType: "invoice.paid",
  eventId: "evt_1",
  channels: ["eu"],
  isTest: false,
  createdAt: Date.UTC(2026, 0, 31),
  orderingKey: null,
};

function message(endpoint: DirectoryEndpoint, body = Buffer.from('{"n": 1.0}')): OutgoingMessage {
  const contentType = "application/json";
  return { messageId: "msg_1", endpoint, requestJson: null, contentType, body, changed: null, facts: FACTS };
}

/** Fails unless the result is of this kind. */
function of<Kind extends SendResult["kind"]>(result: SendResult, kind: Kind): Extract<SendResult, { kind: Kind }> {
  expect(result).toMatchObject({ kind });
  return result as Extract<SendResult, { kind: Kind }>;
}

export function destinationSuite(options: SuiteOptions): void {
  describe(`destination kind ${options.kind}`, () => {
    const { kind, without = [] } = options;
    it.runIf(Object.hasOwn(DESTINATION_KINDS, kind))(
      "is tested for every class of result except those with a reason",
      () => {
        expect(without.toSorted()).toEqual(Object.keys(EXCEPTIONS[kind] ?? {}).toSorted());
      },
    );
    deliveryTests(options);
    targetTests(options);
    if ((kindNamed(kind)?.limits.batch ?? null) !== null) batchTests(options);
  });
}

/** What applies to every receiver. */
function deliveryTests({ open, without = [] }: SuiteOptions): void {
  it("delivers the exact bytes once, under the ID of the message", async () => {
    await using bench = await open(LONG_MS);
    const body = Buffer.from('{ "big": 12345678901234567890, "text": "ü\\u00fc" }\n');
    const result = of(await bench.destination.send(message(bench.endpoint, body), LIMITS), "ok");
    expect(bench.received).toHaveLength(1);
    const [received] = bench.received;
    expect(received!.messageId ?? "msg_1").toBe("msg_1");
    expect(received!.body ?? body).toEqual(body);
    expect(result.facts).toMatchObject({ sentence: null, retryAfterMs: null });
    expect(result.facts.bodyBytes).toBeGreaterThan(0);
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
  });

  const failures = [
    ["fails", "retry"],
    ["breaks_off", "retry"],
    ["asks_to_wait", "later"],
    ["refuses", "refused"],
    ["is_closed", "closed"],
    ["rejects_credentials", "closed"],
  ] as const;
  it.each(failures.filter(([behaviour]) => !without.includes(behaviour)))(
    "reports a receiver that %s as %s, with an error code and a target without credentials",
    async (behaviour, expected) => {
      await using bench = await open(LONG_MS);
      bench.behave(behaviour);
      const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), expected);
      expect(result.errorCode).toMatch(/^[a-z_]+$/);
      expect(result.target).not.toBe("");
      expect(result.problem).toBeNull();
      expect(result.kind === "later" ? result.afterMs : 1).toBeGreaterThan(0);
    },
  );

  it("reports an unreachable receiver as a temporary failure with advice", async () => {
    await using bench = await open(LONG_MS);
    const result = of(await bench.destination.send(message(bench.unreachable), LIMITS), "retry");
    expect(result.responseCode).toBe(0);
    expect(result.response).toMatch(/\w+\.$/);
    expect(result.reply).toBeNull();
  });

  it("does not use up an attempt for a fault of Posthorn, and logs it", async () => {
    await using bench = await open(LONG_MS);
    const result = of(await bench.broken.send(message(bench.endpoint), LIMITS), "own_fault");
    expect(result.problem?.code).toMatch(/^[a-z_]+$/);
    expect(bench.received).toEqual([]);
  });

  it("sends nothing once the lane may belong to another node", async () => {
    await using bench = await open(LONG_MS);
    const limits = { signal, maySend: () => false };
    const result = of(await bench.destination.send(message(bench.endpoint), limits), "own_fault");
    expect(result.problem).toBeNull();
    expect(bench.received).toEqual([]);
  });

  it("ends soon after it was canceled, without using up an attempt", async () => {
    await using bench = await open(LONG_MS);
    bench.behave("hangs");
    const abort = new AbortController();
    const sent = bench.destination.send(message(bench.endpoint), { ...LIMITS, signal: abort.signal });
    await eventually(() => expect(bench.received).toHaveLength(1));
    abort.abort();
    of(await sent, "own_fault");
  });

  it("ends at the timeout of the endpoint when the receiver does not respond", async () => {
    await using bench = await open(SHORT_MS);
    bench.behave("hangs");
    const startedAt = performance.now();
    const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), "retry");
    const tookMs = performance.now() - startedAt;
    expect(result.responseCode).toBe(0);
    // The timeout includes the time to prepare the request, such as its signature, and the recorded duration does not.
    expect(tookMs).toBeGreaterThanOrEqual(SHORT_MS * 0.9);
    expect(result.durationMs).toBeLessThanOrEqual(Math.ceil(tookMs));
  });

  it.skipIf(without.includes("accepts_at_length"))("keeps only the beginning of a response of any size", async () => {
    await using bench = await open(LONG_MS);
    bench.behave("accepts_at_length");
    const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), "ok");
    expect(result.response.length).toBeLessThanOrEqual(MAX_RESPONSE);
    expect(result.reply).toMatchObject({ incomplete: true });
  });

  it("shows no credential of the endpoint in anything that is recorded or logged", async () => {
    await using bench = await open(LONG_MS);
    const results = [await bench.destination.send(message(bench.endpoint), LIMITS)];
    bench.behave("fails");
    results.push(await bench.destination.send(message(bench.endpoint), LIMITS));
    results.push(await bench.broken.send(message(bench.endpoint), LIMITS));
    if (!without.includes("echoes")) {
      bench.behave("echoes");
      results.push(await bench.destination.send(message(bench.endpoint), LIMITS));
    }
    const shown = JSON.stringify(results, (key, value: unknown) =>
      key === "reply" ? null : value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value,
    );
    expect(bench.secrets.length).toBeGreaterThan(0);
    expect(bench.secrets.filter((secret) => shown.includes(secret))).toEqual([]);
  });
}

/** What depends on the limits, credentials and duplicate detection of the target. */
function targetTests({ open, without = [], maxBodyBytes }: SuiteOptions): void {
  it.skipIf(without.includes("rejects_credentials"))("reports that the credentials were rejected", async () => {
    await using bench = await open(LONG_MS);
    bench.behave("rejects_credentials");
    const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), "closed");
    expect(result.errorCode).toBe("credentials_refused");
    expect(result.facts.sentence).toMatch(/\w+\.$/);
  });

  it.skipIf(maxBodyBytes === undefined)(
    "rejects a message over the limit of the target without sending it",
    async () => {
      await using bench = await open(LONG_MS);
      const body = Buffer.alloc(maxBodyBytes! + 1, "a");
      const result = of(await bench.destination.send(message(bench.endpoint, body), LIMITS), "refused");
      expect(result).toMatchObject({ errorCode: "message_too_large", responseCode: 0, extra: { unsent: true } });
      expect(result.response).toMatch(/\w+\.$/);
      expect(bench.received).toEqual([]);
    },
  );

  it("sends a later attempt under the same ID and ordering key", async () => {
    await using bench = await open(LONG_MS);
    const ordered = { ...message(bench.endpoint), facts: { ...FACTS, orderingKey: "customer-1" } };
    bench.behave("fails");
    await bench.destination.send(ordered, LIMITS);
    bench.behave("accepts");
    of(await bench.destination.send(ordered, LIMITS), "ok");
    expect(bench.received).toHaveLength(2);
    const [first, second] = bench.received;
    expect(second!.messageId).toBe(first!.messageId);
    expect(second!.orderingKey).toBe(first!.orderingKey);
  });

  it.skipIf(without.includes("has_it_already"))(
    "counts a message that the target already has as delivered",
    async () => {
      await using bench = await open(LONG_MS);
      bench.behave("has_it_already");
      const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), "ok");
      expect(result.extra).toMatchObject({ duplicate: true });
    },
  );
}

/** What applies to several messages in one request. How a response is split into results is tested beside each kind. */
function batchTests({ open, openForBatches = open, kind, without = [], maxBodyBytes }: SuiteOptions): void {
  const pair = ({ endpoint }: Pick<DestinationBench, "endpoint">): readonly OutgoingMessage[] =>
    ["msg_1", "msg_2"].map((messageId) => ({ ...message(endpoint), messageId }));
  const opened = async (timeoutMs = LONG_MS): Promise<DestinationBench> => {
    const bench = await openForBatches(timeoutMs);
    const { config } = bench.endpoint;
    if (config === null || batchRules(DESTINATION_KINDS[kind]!, config) === null) {
      await bench[Symbol.asyncDispose]();
      throw new Error(`the configuration of ${kind} in this test has no batches`);
    }
    return bench;
  };
  const send = (
    { destination }: Pick<DestinationBench, "destination">,
    messages: readonly OutgoingMessage[],
    limits: SendLimits = LIMITS,
  ) => destination.sendBatch!(messages, limits);
  const each = (result: object) => [expect.objectContaining(result), expect.objectContaining(result)];

  const failures = [
    ["fails", "retry"],
    ["breaks_off", "retry"],
    ["asks_to_wait", "later"],
    ["is_closed", "closed"],
    ["rejects_credentials", "closed"],
  ] as const;
  it.each(failures.filter(([behaviour]) => !without.includes(behaviour)))(
    "reports a receiver that %s a batch as %s for each of its messages",
    async (behaviour, expected) => {
      await using bench = await opened();
      bench.behave(behaviour);
      expect(await send(bench, pair(bench))).toEqual(each({ kind: expected, problem: null }));
    },
  );

  it.skipIf(without.includes("refuses"))("has a rejected batch split unless each message was rejected", async () => {
    await using bench = await opened();
    bench.behave("refuses");
    const sent = await send(bench, pair(bench));
    const whole = ["split"];
    const single = ["refused", "refused"];
    expect(DESTINATION_KINDS[kind]!.limits.batch!.isAtomic ? [whole] : [whole, single]).toContainEqual(
      sent === "split" ? whole : sent.map((result) => result.kind),
    );
  });

  it("reports an unreachable receiver for each message of a batch", async () => {
    await using bench = await opened();
    expect(await send(bench, pair({ endpoint: bench.unreachable }))).toEqual(each({ kind: "retry", responseCode: 0 }));
  });

  it("does not use up attempts of a batch for a fault of Posthorn", async () => {
    await using bench = await opened();
    const sent = await send({ destination: bench.broken }, pair(bench));
    expect(sent).toEqual(each({ kind: "own_fault", problem: expect.anything() }));
    expect(bench.received).toEqual([]);
  });

  it("sends no batch once the lane may belong to another node", async () => {
    await using bench = await opened();
    const sent = await send(bench, pair(bench), { signal, maySend: () => false });
    expect(sent).toEqual(each({ kind: "own_fault", problem: null }));
    expect(bench.received).toEqual([]);
  });

  it("ends a batch soon after it was canceled, without using up an attempt", async () => {
    await using bench = await opened();
    bench.behave("hangs");
    const abort = new AbortController();
    const maySend = (): boolean => {
      setImmediate(() => abort.abort());
      return true;
    };
    const sent = send(bench, pair(bench), { signal: abort.signal, maySend });
    expect(await sent).toEqual(each({ kind: "own_fault" }));
  });

  it("ends a batch at the timeout of the endpoint when the receiver does not respond", async () => {
    await using bench = await opened(SHORT_MS);
    bench.behave("hangs");
    expect(await send(bench, pair(bench))).toEqual(each({ kind: "retry", responseCode: 0 }));
  });

  it.skipIf(maxBodyBytes === undefined)("has a batch split that has a message over the limit", async () => {
    await using bench = await opened();
    const large = message(bench.endpoint, Buffer.alloc(maxBodyBytes! + 1, "a"));
    expect(await send(bench, [message(bench.endpoint), large])).toBe("split");
    expect(bench.received).toEqual([]);
  });

  it.skipIf(without.includes("echoes"))("shows no credential in the results of a batch", async () => {
    await using bench = await opened();
    bench.behave("echoes");
    const shown = JSON.stringify(await send(bench, pair(bench)), (key, value: unknown) =>
      key === "reply" ? null : value,
    );
    expect(bench.secrets.filter((secret) => shown.includes(secret))).toEqual([]);
  });
}
