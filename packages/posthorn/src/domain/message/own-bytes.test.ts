import { expect, it } from "vitest";
import { ownBytes } from "./prepare.ts";

it.each([
  ["a request body", Buffer.alloc(1024 * 1024, "x").subarray(500, 30_500)],
  ["the buffer from which Node takes small ones", Buffer.from("small")],
])("a small part of %s is copied into separate memory", (_, part) => {
  const kept = ownBytes(part);
  expect(kept).toEqual(part);
  expect(kept.buffer.byteLength).toBe(part.byteLength);
});

it("a part that nearly fills its buffer is not copied", () => {
  const whole = new Uint8Array(100_000);
  expect(ownBytes(whole)).toBe(whole);
  const part = whole.subarray(10_000);
  expect(ownBytes(part)).toBe(part);
});
