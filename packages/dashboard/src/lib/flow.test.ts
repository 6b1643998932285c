import { expect, it } from "vitest";
import { breakerReason, isHeld } from "./flow.ts";

it("knows the reasons of a breaker from those that people write", () => {
  expect(breakerReason("asked_to_wait")).toBe("asked_to_wait");
  expect(breakerReason("They moved away")).toBeNull();
  expect(breakerReason(null)).toBeNull();
});

it("calls what is due held only where nothing is sent", () => {
  expect(isHeld({ state: "open" })).toBe(true);
  expect(isHeld({ state: "paused" })).toBe(true);
  expect(isHeld({ state: "recovering" })).toBe(false);
});
