import { expect, it } from "vitest";
import { breakerReason, isHeld } from "./endpoint-state.ts";

it("distinguishes the reasons of a circuit breaker from free text", () => {
  expect(breakerReason("asked_to_wait")).toBe("asked_to_wait");
  expect(breakerReason("They moved away")).toBeNull();
  expect(breakerReason(null)).toBeNull();
});

it("counts due deliveries as on hold only in states in which nothing is sent", () => {
  expect(isHeld({ state: "open" })).toBe(true);
  expect(isHeld({ state: "paused" })).toBe(true);
  expect(isHeld({ state: "recovering" })).toBe(false);
});
