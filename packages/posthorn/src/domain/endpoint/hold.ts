/** Whether an endpoint gets nothing for now, why, and until when. */
import type { Services } from "../context.ts";
import { FOR_EVER } from "./flow.ts";

/**
 * It is off; it has not confirmed that it wants deliveries; it is paused by hand; it is left alone because it failed; it asked for that
 * by its answer.
 */
export const ENDPOINT_HOLD_REASONS = [
  "endpoint_disabled",
  "endpoint_unverified",
  "endpoint_paused",
  "endpoint_failing",
  "endpoint_asked_to_wait",
] as const;
export type EndpointHoldReason = (typeof ENDPOINT_HOLD_REASONS)[number];

export interface EndpointHold {
  readonly reason: EndpointHoldReason;
  /** Unix milliseconds: when it ends by itself, or one attempt is made to see; `null`: not before somebody acts. */
  readonly until: number | null;
}

/** As the node knows it that has its lane; `null`: the endpoint gets what is due. */
export async function holdOf(
  { directory, lanes }: Services,
  endpointKey: number,
  now: number,
): Promise<EndpointHold | null> {
  const endpoint = await directory.endpoint(endpointKey);
  if (endpoint === null) return null;
  if (endpoint.disabled) return { reason: "endpoint_disabled", until: null };
  if (endpoint.grant.held) return { reason: "endpoint_unverified", until: null };
  const { pausedUntil } = endpoint.policy.lane;
  if (pausedUntil !== null && pausedUntil > now) {
    return { reason: "endpoint_paused", until: pausedUntil === FOR_EVER ? null : pausedUntil };
  }
  const breaker = (await lanes.of(endpointKey)).lane?.breaker;
  if (breaker === undefined || breaker.state === "closed") return null;
  const reason = breaker.reason === "asked_to_wait" ? "endpoint_asked_to_wait" : "endpoint_failing";
  return { reason, until: breaker.nextProbeAt ?? now };
}

/** The hold and a retry that follow from one answer are timed a moment apart. */
const SAME_MOMENT_MS = 1000;

/** Deliveries that are due up to this time wait for the end of a hold, later ones for their own time; `null`: all wait for it. */
export function holdsWhatIsDueBy({ until }: EndpointHold, now: number): number | null {
  return until === null ? null : Math.max(now, until + SAME_MOMENT_MS);
}
