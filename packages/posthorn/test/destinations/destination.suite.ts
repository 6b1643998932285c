/** Conformance suite of destination kinds. Each kind runs it against a stand-in for its receivers. */
import { describe, expect, it } from "vitest";
import type { Destination, OutgoingMessage, SendResult } from "../../src/destinations/destination.ts";
import type { DirectoryEndpoint } from "../../src/domain/directory-endpoint.ts";
import { eventually } from "../support/dispatch.ts";

/** How the stand-in treats the next messages. */
export type Behaviour =
  | "accepts"
  /** A failure that may pass. */
  | "fails"
  | "asks_to_wait"
  /** This message will never be accepted. */
  | "refuses"
  /** The receiver accepts no message any longer. */
  | "is_closed"
  /** It reads the message and never responds. */
  | "hangs"
  /** The connection ends without a response. */
  | "breaks_off"
  /** It accepts, with a response that is larger than the stored part. */
  | "accepts_at_length";

export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: Buffer;
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
  /** Behaviours that the receivers of this kind do not have. */
  readonly without?: readonly Behaviour[];
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

export function destinationSuite({ kind, open, without = [] }: SuiteOptions): void {
  describe(`destination kind ${kind}`, () => {
    it("delivers the exact bytes once, under the ID of the message", async () => {
      await using bench = await open(LONG_MS);
      const body = Buffer.from('{ "big": 12345678901234567890, "text": "ü\\u00fc" }\n');
      const result = of(await bench.destination.send(message(bench.endpoint, body), LIMITS), "ok");
      expect(bench.received).toEqual([{ messageId: "msg_1", body }]);
      expect(result.facts).toMatchObject({ bodyBytes: body.byteLength, sentence: null, retryAfterMs: null });
      expect(result.durationMs).toBeGreaterThanOrEqual(0);
    });

    const failures = [
      ["fails", "retry"],
      ["breaks_off", "retry"],
      ["asks_to_wait", "later"],
      ["refuses", "refused"],
      ["is_closed", "closed"],
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

    it("uses no attempt for a fault of Posthorn, and logs it", async () => {
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
      const result = of(await bench.destination.send(message(bench.endpoint), LIMITS), "retry");
      expect(result.responseCode).toBe(0);
      expect(result.durationMs).toBeGreaterThanOrEqual(Math.floor(SHORT_MS * 0.9));
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
      const shown = JSON.stringify(results, (key, value: unknown) => (key === "reply" ? null : value));
      expect(bench.secrets.length).toBeGreaterThan(0);
      expect(bench.secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    });
  });
}
