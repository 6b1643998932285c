import { expect, it } from "vitest";
import { ownBytes } from "./own-bytes.ts";

it("a small part of a large buffer is copied", () => {
  const body = Buffer.alloc(1024 * 1024, "x");
  const kept = ownBytes(body.subarray(500, 30_500));
  expect(kept.buffer).not.toBe(body.buffer);
  expect(kept).toEqual(body.subarray(500, 30_500));
});

it("what fills its buffer, or shares a slab of Node, is kept as it is", () => {
  const whole = new Uint8Array(100_000);
  expect(ownBytes(whole)).toBe(whole);
  const part = whole.subarray(10_000);
  expect(ownBytes(part)).toBe(part);
  const small = Buffer.from("small");
  expect(ownBytes(small)).toBe(small);
});
