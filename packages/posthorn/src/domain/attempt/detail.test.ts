import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AttemptFacts, decodeDetail, encodeDetail } from "./detail.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const tenths = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 10);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const headers = fc.array(fc.tuple(text, maybe(text)), { maxLength: 5 }).map((pairs) => pairs.flat());

const facts: fc.Arbitrary<AttemptFacts> = fc.record({
  method: fc.constantFrom("POST", "PUT", "GET"),
  standard: fc.record({
    contentType: text,
    userAgent: text,
    families: fc.constantFrom([], ["webhook"], ["webhook", "svix"]),
    timestamp: fc.nat(),
    signature: text,
  }),
  headers,
  bodyBytes: fc.nat(),
  timings: fc.record({
    queueMs: tenths,
    dnsMs: maybe(tenths),
    connectMs: maybe(tenths),
    tlsMs: maybe(tenths),
    waitMs: maybe(tenths),
    bodyMs: maybe(tenths),
    totalMs: tenths,
    reused: fc.boolean(),
  }),
  peer: maybe(text),
  tls: maybe(fc.record({ protocol: text, certificateValidTo: fc.nat(2_000_000_000).map((s) => s * 1000) })),
  response: maybe(fc.record({ headers, headersCut: fc.boolean(), truncated: fc.boolean(), bodyError: maybe(text) })),
  sentence: maybe(text),
  retryAfterMs: maybe(fc.nat()),
  extra: maybe(fc.record({ transformed: fc.record({ url: text }) })),
});

describe("details of an attempt", () => {
  it("are the same after encoding and decoding", () => {
    fc.assert(
      fc.property(facts, (given) => {
        expect(decodeDetail(encodeDetail(given, given.extra))).toEqual(given);
      }),
    );
  });

  it("are those of each message, although messages of one request share most of them", () => {
    const shared = ["none", "headers", "peer", "response", "tls", "sentence", "retryAfterMs", "timings", "method"];
    const standard = ["contentType", "userAgent", "families", "timestamp", "signature"];
    const change = fc.constantFrom(...shared, ...standard, "signature", "signature");
    fc.assert(
      fc.property(facts, facts, fc.array(change, { maxLength: 8 }), (given, other, changes) => {
        const messages: AttemptFacts[] = [given, { ...given, bodyBytes: other.bodyBytes, extra: other.extra }];
        for (const name of changes) {
          const before = messages.at(-1)!;
          if (name === "none") messages.push({ ...before, extra: given.extra });
          else if (standard.includes(name)) {
            const changed = other.standard[name as keyof AttemptFacts["standard"]];
            messages.push({ ...before, standard: { ...before.standard, [name]: changed } });
          } else messages.push({ ...before, [name]: other[name as keyof AttemptFacts] });
        }
        expect(messages.map((one) => decodeDetail(encodeDetail(one, one.extra)))).toEqual(messages);
      }),
    );
  });

  it("in the encoding of a later version are omitted instead of causing an error", () => {
    expect(decodeDetail("[2]")).toBeNull();
  });
});
