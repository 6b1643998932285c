import { expect, it } from "vitest";
import { freeSlot, type TakenSlot } from "./membership-slots.ts";

const slots = (count: number): readonly TakenSlot[] =>
  Array.from({ length: count }, (_, slot) => ({ slot, host: "here", secretsMark: "same", live: true }));

it("a node takes the last free slot, and fails with the setting to change when there is none", () => {
  expect(freeSlot(slots(63), 0.5)).toBe(63);
  expect(() => freeSlot(slots(64), 0.5)).toThrow("set POSTHORN_THREADS lower");
});
