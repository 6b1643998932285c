import fc from "fast-check";
import { expect, test } from "vitest";
import { CappedBody } from "./collections.ts";

test("the body consists of the chunks in order, and is truncated at the cap with a flag", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: 0, max: 2000 }), (parts, cap) => {
      const body = new CappedBody(cap);
      const whole = Buffer.concat(parts);
      const fitted = parts.every((part) => body.add(Buffer.from(part), 0, part.length));
      // Like the client, which stops at the first chunk that did not fit.
      expect(fitted).toBe(whole.length <= cap);
      expect(body.bytes().equals(whole.subarray(0, cap))).toBe(true);
    }),
  );
});

test("a body received byte by byte needs at most twice its size in memory", () => {
  const body = new CappedBody(10_000_000);
  for (let index = 0; index < 100_000; index++) body.add(Buffer.of(index), 0, 1);
  expect(body.bytes()).toHaveLength(100_000);
  expect(body.bytes().buffer.byteLength).toBeLessThanOrEqual(200_000);
});
