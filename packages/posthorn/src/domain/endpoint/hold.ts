/** Holds of endpoints: why their deliveries are on hold, and until when. */
import type { Services } from "../context.ts";
import { RELAY_KIND } from "../../destinations/kinds.ts";
import type { RelaySource, UnhealthyLane } from "../ports.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { UNLIMITED_PAUSE } from "./flow.ts";

/**
 * The endpoint is disabled, not verified, paused, of a destination kind that cannot be used, or has no listener; its circuit is open because it failed, or because its response asked to wait.
 */
export const ENDPOINT_HOLD_REASONS = [
  "endpoint_disabled",
  "endpoint_unverified",
  "endpoint_kind_unavailable",
  "endpoint_without_listener",
  "endpoint_paused",
  "endpoint_failing",
  "endpoint_asked_to_wait",
] as const;
export type EndpointHoldReason = (typeof ENDPOINT_HOLD_REASONS)[number];

export interface EndpointHold {
  readonly reason: EndpointHoldReason;
  /** Unix milliseconds: when the hold ends by itself, or the next probe is made; `null`: only by a manual change. */
  readonly until: number | null;
}

/**
 * Holds of these endpoints, as reported by the nodes that have their lanes. Endpoints without a hold receive due deliveries.
 *
 * @param unhealthy Result of `lanes.unhealthy` for these endpoints, if already known.
 */
export async function holdsAmong(
  { directory, lanes, relay }: Pick<Services, "directory" | "lanes" | "relay">,
  endpointKeys: readonly number[],
  now: number,
  unhealthy?: ReadonlyMap<number, UnhealthyLane>,
): Promise<ReadonlyMap<number, EndpointHold>> {
  const known = unhealthy ?? (await lanes.unhealthy(endpointKeys));
  const holds = new Map<number, EndpointHold>();
  for (const key of endpointKeys) {
    const endpoint = await directory.endpoint(key);
    if (endpoint === null) continue;
    const hold = holdOf(endpoint, { relay, breaker: known.get(key)?.breaker ?? null, now });
    if (hold !== null) holds.set(key, hold);
  }
  return holds;
}

/** The settings of an endpoint that can put its deliveries on hold. */
export type HoldSettings = Pick<DirectoryEndpoint, "key" | "destinationKind" | "disabled" | "kindProblem"> & {
  readonly grant: Pick<DirectoryEndpoint["grant"], "held">;
  readonly policy: { readonly lane: { readonly pausedUntil: number | null } };
};

interface HoldState {
  readonly relay: RelaySource;
  readonly breaker: UnhealthyLane["breaker"];
  readonly now: number;
}

/** The hold of an endpoint; `null`: it receives due deliveries. */
export function holdOf(endpoint: HoldSettings, { relay, breaker, now }: HoldState): EndpointHold | null {
  return holdBySettings(endpoint, now) ?? holdByListeners(endpoint, relay) ?? holdByBreaker(breaker, now);
}

function holdBySettings({ disabled, grant, kindProblem, policy }: HoldSettings, now: number): EndpointHold | null {
  if (disabled) return { reason: "endpoint_disabled", until: null };
  if (grant.held) return { reason: "endpoint_unverified", until: null };
  if (kindProblem !== null) return { reason: "endpoint_kind_unavailable", until: null };
  const { pausedUntil } = policy.lane;
  if (pausedUntil === null || pausedUntil <= now) return null;
  return { reason: "endpoint_paused", until: pausedUntil === UNLIMITED_PAUSE ? null : pausedUntil };
}

function holdByListeners({ key, destinationKind }: HoldSettings, relay: RelaySource): EndpointHold | null {
  if (destinationKind !== RELAY_KIND || relay.isListening(key)) return null;
  return { reason: "endpoint_without_listener", until: null };
}

function holdByBreaker(breaker: UnhealthyLane["breaker"], now: number): EndpointHold | null {
  if (breaker === null) return null;
  const reason = breaker.reason === "asked_to_wait" ? "endpoint_asked_to_wait" : "endpoint_failing";
  return { reason, until: breaker.nextProbeAt ?? now };
}

/** Tolerance: the hold and the retry that result from one response are timed slightly apart. */
const SAME_MOMENT_MS = 1000;

/** Deliveries due up to this time wait for the end of the hold, later ones for their own time; `null`: all wait for the hold. */
export function holdCutoff({ until }: EndpointHold, now: number): number | null {
  return until === null ? null : Math.max(now, until + SAME_MOMENT_MS);
}
