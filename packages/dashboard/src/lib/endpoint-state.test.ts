import { expect, it } from "vitest";
import { breakerReason, customerState, isHeld, STATE_TONES } from "./endpoint-state.ts";

const failing = { since: "2026-01-01T00:00:00Z", failures: 3, disabledAt: null };
const idle = { inFlight: 0, waiting: { due: 0, later: 0 } };
const retrying = { inFlight: 0, waiting: { due: 0, later: 1 } };

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

it("shows customers that an endpoint is failing, unless its state is more specific", () => {
  expect(customerState({ ...idle, state: "active", failing: null })).toBe("active");
  expect(customerState({ ...retrying, state: "active", failing })).toBe("failing");
  expect(customerState({ ...retrying, state: "open", failing })).toBe("open");
  expect(customerState({ ...idle, state: "recovering", failing })).toBe("recovering");
});

it("promises retries to customers only while deliveries are pending", () => {
  const due = { ...idle, waiting: { due: 1, later: 0 } };
  const inFlight = { ...idle, inFlight: 1 };
  for (const work of [retrying, due, inFlight])
    expect(customerState({ ...work, state: "active", failing })).toBe("failing");
  expect(customerState({ ...idle, state: "active", failing })).toBe("exhausted");
  expect(customerState({ ...idle, state: "active", failing: { ...failing, failures: 1 } })).toBe("exhausted");
});

it("shows a single failed attempt as retrying, not as failing", () => {
  const once = { ...failing, failures: 1 };
  expect(customerState({ ...retrying, state: "active", failing: once })).toBe("retrying");
  expect(STATE_TONES.retrying).toBe("warn");
});
