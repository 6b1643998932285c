import { expect, it } from "vitest";
import { breakerReason, customerState, isHeld } from "./endpoint-state.ts";

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

it("tells customers that an endpoint is failing, unless its state says more", () => {
  const failing = { since: "2026-01-01T00:00:00Z", failures: 3, disabledAt: null };
  expect(customerState({ state: "active", failing })).toBe("failing");
  expect(customerState({ state: "active", failing: null })).toBe("active");
  expect(customerState({ state: "open", failing })).toBe("open");
  expect(customerState({ state: "recovering", failing })).toBe("recovering");
});
