/** How deliveries to an endpoint flow, and how it looks. */
import type { components } from "../api/schema.ts";
import type { Tone } from "../components/badge.tsx";

export type EndpointFlow = components["schemas"]["EndpointStateOut"];

export const FLOW_TONES: Readonly<Record<EndpointFlow["state"], Tone>> = {
  active: "good",
  disabled: "warn",
  unverified: "warn",
  paused: "warn",
  open: "bad",
  half_open: "warn",
  recovering: "info",
};

const BREAKER_REASONS = ["failures", "asked_to_wait", "failing_before_restart"] as const;
export type BreakerReason = (typeof BREAKER_REASONS)[number];

/** Why a breaker opened; `null` for the reason that a person or the platform wrote, which is shown as it is. */
export function breakerReason(reason: string | null): BreakerReason | null {
  return BREAKER_REASONS.find((name) => name === reason) ?? null;
}

/** Nothing is sent to it now, so what is due waits for more than its turn. */
export function isHeld({ state }: Pick<EndpointFlow, "state">): boolean {
  return state !== "active" && state !== "recovering";
}
