/** Delivery state of an endpoint: whether and why deliveries are on hold, their rate, and how many are queued. */
import { RELAY_KIND } from "../../destinations/kinds.ts";
import type { LaneView } from "../../dispatch/lane.ts";
import type { LanePolicy } from "../../dispatch/policy.ts";
import { PosthornError } from "../../lib/errors.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import type { RelaySource } from "../ports.ts";
import { type Certificate, certificateOf } from "../health/certificates.ts";
import { disabledAt, type Streak } from "../health/streak.ts";
import { type Blocker, blockersOf } from "./blockers.ts";
import { type Disabled, toDisabled } from "./disabled.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

/**
 * `active`: deliveries are sent. `disabled`: no deliveries. `unverified`: not verified yet. `unavailable`: this
 * server cannot use its destination kind. `no_listener`: a relay endpoint to which no listener is connected. `paused`: paused by a call. `open`: the circuit
 * is open, because the endpoint failed or asked to wait. `half_open`: probing. `recovering`: the probe succeeded, and the rate rises
 * every second.
 */
export const FLOW_STATES = [
  "active",
  "disabled",
  "unverified",
  "unavailable",
  "no_listener",
  "paused",
  "open",
  "half_open",
  "recovering",
] as const;
export type FlowState = (typeof FLOW_STATES)[number];

/** Times are Unix milliseconds. */
export interface EndpointState {
  readonly state: FlowState;
  readonly reason: string | null;
  readonly since: number | null;
  readonly disabled: Disabled | null;
  /** Current series of failures; `null` if the last attempt succeeded, or there was none. */
  readonly failing: Streak | null;
  /** When it will be auto-disabled unless a delivery succeeds; `null`: it does not fail, or auto-disable is off. */
  readonly disabledAt: number | null;
  /** Last certificate that the receiver presented; `null`: none. */
  readonly certificate: Certificate | null;
  /** State of the dispatcher; `null`: it had no work for the endpoint recently. */
  readonly lane: LaneView | null;
  readonly newestFirst: boolean;
  /** Limits from its policy. */
  readonly limits: Pick<LanePolicy, "concurrency" | "rate" | "pausedUntil">;
  readonly waiting: Waiting;
  readonly blockers: readonly Blocker[];
}

export interface Waiting {
  /** Deliveries that are due now: on hold or queued. */
  readonly due: number;
  /** Deliveries that are due later: retries and delayed messages. */
  readonly later: number;
  /** `false` if counting stopped at the limit, so that the counts are lower bounds. */
  readonly exact: boolean;
  /** When the oldest due delivery became due. */
  readonly oldestDue: number | null;
}

/** Maximum number of rows counted per kind. */
const MAX_COUNTED = 10_000;

export async function endpointState({ ctx, input }: OutsideCall<EndpointRef>): Promise<EndpointState> {
  const { endpoint } = await getEndpoint(ctx, input);
  const { directory, lanes } = ctx.services;
  const known = await directory.endpoint(endpoint.key);
  if (known === null) throw new PosthornError("not_found", "There is no such endpoint.");
  const { lane, failing } = await lanes.of(endpoint.key);
  const disabled = endpoint.disabled ? await disabledOf(ctx, endpoint.key) : null;
  return {
    ...stateOf(known, { lane, disabled, relay: ctx.services.relay }, ctx.services.now()),
    disabled,
    failing,
    disabledAt: failing === null || known.disabled ? null : disabledAt(failing, known.policy.values.autoDisable),
    certificate: await certificateOf(ctx, endpoint),
    lane,
    newestFirst: known.policy.lane.newestFirst,
    limits: known.policy.lane,
    waiting: await waitingFor(ctx, endpoint.key),
    blockers: known.policy.lane.order === null ? [] : await blockersOf(ctx, endpoint.key),
  };
}

function stateOf(
  endpoint: DirectoryEndpoint,
  { lane, disabled, relay }: Pick<EndpointState, "lane" | "disabled"> & { readonly relay: RelaySource },
  now: number,
): Pick<EndpointState, "state" | "reason" | "since"> {
  if (endpoint.disabled) return { state: "disabled", reason: disabled?.reason ?? null, since: disabled?.at ?? null };
  if (endpoint.grant.held) return { state: "unverified", reason: null, since: null };
  const { kindProblem } = endpoint;
  if (kindProblem !== null) return { state: "unavailable", reason: kindProblem.sentence, since: null };
  const { pausedUntil } = endpoint.policy.lane;
  if (pausedUntil !== null && pausedUntil > now) return { state: "paused", reason: null, since: null };
  if (endpoint.destinationKind === RELAY_KIND && !relay.isListening(endpoint.key))
    return { state: "no_listener", reason: null, since: null };
  if (lane === null) return { state: "active", reason: null, since: null };
  const { state, reason, since } = lane.breaker;
  if (state !== "closed") return { state, reason, since };
  return { state: lane.isRecovering ? "recovering" : "active", reason: null, since };
}

async function disabledOf(ctx: Context, key: number): Promise<Disabled | null> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("disabled_json")
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  return toDisabled(row.disabled_json);
}

async function waitingFor(ctx: Context, key: number): Promise<Waiting> {
  const now = ctx.services.now();
  const live = reader(ctx).selectFrom("delivery").where("endpoint_id", "=", key).where("due", "is not", null);
  const count = async (operator: "<=" | ">"): Promise<number> => {
    const some = live.select("due").where("due", operator, now).limit(MAX_COUNTED).as("some");
    const { rows } = await reader(ctx)
      .selectFrom(some)
      .select((eb) => eb.fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    return rows;
  };
  const [due, later] = [await count("<="), await count(">")];
  const { oldest } = await live.select((eb) => eb.fn.min<number | null>("due").as("oldest")).executeTakeFirstOrThrow();
  return { due, later, exact: due < MAX_COUNTED && later < MAX_COUNTED, oldestDue: due === 0 ? null : oldest };
}
