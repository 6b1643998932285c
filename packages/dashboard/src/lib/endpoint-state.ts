/** Delivery status of an endpoint. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type EndpointState = components["schemas"]["EndpointStateOut"];

export const STATE_TONES: Readonly<Record<CustomerState, Tone>> = {
  active: "good",
  failing: "bad",
  disabled: "warn",
  unverified: "warn",
  unavailable: "bad",
  no_listener: "warn",
  paused: "warn",
  open: "bad",
  half_open: "warn",
  recovering: "info",
};

/** State in the words of customers: an endpoint without a success since its last failure is failing, although Posthorn sends to it. */
export function customerState({ state, failing }: Pick<EndpointState, "state" | "failing">): CustomerState {
  return state === "active" && failing !== null ? "failing" : state;
}

export type CustomerState = EndpointState["state"] | "failing";

const BREAKER_REASONS = ["failures", "asked_to_wait", "failing_before_restart"] as const;
export type BreakerReason = (typeof BREAKER_REASONS)[number];

/** Reason why a circuit opened; `null` for free text written by a person or the platform, which is shown as is. */
export function breakerReason(reason: string | null): BreakerReason | null {
  return BREAKER_REASONS.find((name) => name === reason) ?? null;
}

/** Whether due deliveries are on hold rather than queued, because nothing is sent in this state. */
export function isHeld({ state }: Pick<EndpointState, "state">): boolean {
  return state !== "active" && state !== "recovering";
}
