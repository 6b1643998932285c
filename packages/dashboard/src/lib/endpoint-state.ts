/** Delivery status of an endpoint. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type EndpointState = components["schemas"]["EndpointStateOut"];

export const STATE_TONES: Readonly<Record<CustomerState, Tone>> = {
  active: "good",
  retrying: "warn",
  failing: "bad",
  exhausted: "bad",
  disabled: "warn",
  unverified: "warn",
  unavailable: "bad",
  no_listener: "warn",
  paused: "warn",
  open: "bad",
  half_open: "warn",
  recovering: "info",
};

/**
 * State as customers see it. An endpoint that is not paused or disabled and has not succeeded since its last failure is `retrying` after
 * one failure and `failing` after several while deliveries are pending, and `exhausted` when no retries are left.
 */
export function customerState({ state, failing, ...work }: CustomerFacts): CustomerState {
  if (state !== "active" || failing === null) return state;
  const pending = work.waiting.due + work.waiting.later + work.inFlight;
  if (pending === 0) return "exhausted";
  return failing.failures === 1 ? "retrying" : "failing";
}

type CustomerFacts = Pick<EndpointState, "state" | "failing" | "inFlight"> & {
  readonly waiting: Pick<EndpointState["waiting"], "due" | "later">;
};

export type CustomerState = EndpointState["state"] | "retrying" | "failing" | "exhausted";

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
