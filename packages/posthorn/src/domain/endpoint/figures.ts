/** Figures of several endpoints for a list: their state and health, their attempts of the last day, and their queues. */
import { sql } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { type OutsideContext, reader } from "../context.ts";
import type { UnhealthyLane } from "../ports.ts";
import { HOUR_MS } from "../stats/roll-up.ts";
import { isVerifiable } from "../../destinations/kinds.ts";
import type { PolicyValues } from "../policy/sections.ts";
import { layerOf, over, platformPolicy } from "../policy/resolve.ts";
import { toFlow } from "./flow.ts";
import { type EndpointHoldReason, holdOf, type HoldSettings } from "./hold.ts";
import type { FlowState } from "./state.ts";
import { grantOf, toVerification } from "./verification.ts";

/** `degraded`: fewer attempts of the last day succeeded than `attention.successPercent` of its policy demands. `idle`: there were none. */
export const HEALTHS = ["failing", "degraded", "healthy", "idle"] as const;
export type Health = (typeof HEALTHS)[number];

/** Attempts of one hour. */
export interface AttemptHour {
  readonly succeeded: number;
  readonly failed: number;
}

/** Times are Unix milliseconds. */
export interface EndpointFigures {
  readonly state: Exclude<FlowState, "recovering">;
  readonly health: Health;
  /** Since when all attempts have failed; `null`: they have not. */
  readonly failingSince: number | null;
  /** Share of the attempts of the last day that succeeded; `null`: there were none. */
  readonly successRate: number | null;
  /** The last 24 hours, the current one last. */
  readonly hours: readonly AttemptHour[];
  /** When the newest message was published that matched the endpoint; `null`: none, or it is no longer kept. */
  readonly lastEventAt: number | null;
  /** Deliveries that are not finished, up to {@link MAX_QUEUED}. */
  readonly queued: number;
}

/** Queued deliveries counted for an endpoint. */
export const MAX_QUEUED = 1000;
/** Hours of the figures of lists. */
export const HOURS = 24;

/** Figures by the key of the endpoint. */
export async function figuresOf(
  ctx: OutsideContext,
  keys: readonly number[],
): Promise<ReadonlyMap<number, EndpointFigures>> {
  if (keys.length === 0) return new Map();
  const { services } = ctx;
  await services.statistics.refresh();
  const unhealthy = await services.lanes.unhealthy(keys);
  const [hours, rows] = await Promise.all([hoursOf(ctx, keys), rowsOf(ctx, keys)]);
  const platform = platformPolicy(services.rules.policyDefaults);
  return new Map(
    rows.map((row) => {
      const { key, since, lastMessage, queued } = row;
      const lane = unhealthy.get(key);
      const ofDay = hours.get(key)!;
      const { relay } = services;
      const policy = policyOf(row, platform);
      const hold = holdOf(settingsOf(ctx, row, policy), {
        relay,
        breaker: lane?.breaker ?? null,
        now: services.now(),
      });
      const failingSince = lane?.failing?.since ?? since;
      const successRate = rateOf(ofDay);
      const figures: EndpointFigures = {
        state: stateOf(hold?.reason, lane),
        health: healthOf(failingSince !== null, successRate, policy.attention.successPercent),
        failingSince,
        successRate,
        hours: ofDay,
        lastEventAt: lastMessage === null ? null : timeOfKey(lastMessage),
        queued,
      };
      return [key, figures];
    }),
  );
}

const STATE_OF: Readonly<Record<EndpointHoldReason, EndpointFigures["state"]>> = {
  endpoint_disabled: "disabled",
  endpoint_unverified: "unverified",
  endpoint_kind_unavailable: "unavailable",
  endpoint_without_listener: "no_listener",
  endpoint_paused: "paused",
  endpoint_failing: "open",
  endpoint_asked_to_wait: "open",
};

function stateOf(reason: EndpointHoldReason | undefined, lane: UnhealthyLane | undefined): EndpointFigures["state"] {
  if (reason === undefined) return "active";
  const state = STATE_OF[reason];
  return state === "open" && lane?.breaker?.state === "half_open" ? "half_open" : state;
}

/** @param leastPercent `attention.successPercent` of the policy. */
export function healthOf(isFailing: boolean, successRate: number | null, leastPercent: number): Health {
  if (isFailing) return "failing";
  if (successRate === null) return "idle";
  return successRate * 100 < leastPercent ? "degraded" : "healthy";
}

/** Share of the attempts that succeeded; `null`: there were none. */
export function rateOf(hours: readonly AttemptHour[]): number | null {
  const succeeded = hours.reduce((sum, hour) => sum + hour.succeeded, 0);
  const all = hours.reduce((sum, hour) => sum + hour.failed, succeeded);
  return all === 0 ? null : succeeded / all;
}

async function hoursOf(
  ctx: OutsideContext,
  keys: readonly number[],
): Promise<ReadonlyMap<number, readonly AttemptHour[]>> {
  const first = Math.floor(ctx.services.now() / HOUR_MS) - HOURS + 1;
  const rows = await reader(ctx)
    .selectFrom("endpoint")
    // SQLite reads the left side of a cross join first. It would otherwise read the counts of all endpoints of the organisation.
    .crossJoin("rollup")
    .select(["endpoint.id", "rollup.hour", "rollup.attempts_ok as succeeded", "rollup.attempts_failed as failed"])
    .where("endpoint.id", "in", keys)
    .where("rollup.org_id", "=", ctx.actor.orgId)
    .whereRef("rollup.app_id", "=", "endpoint.app_id")
    .whereRef("rollup.endpoint_id", "=", "endpoint.id")
    .where("rollup.hour", ">=", first)
    .execute();
  const found = new Map(
    keys.map((key) => [key, Array.from({ length: HOURS }, (): AttemptHour => ({ succeeded: 0, failed: 0 }))]),
  );
  for (const { id, hour, succeeded, failed } of rows) found.get(id)!.splice(hour - first, 1, { succeeded, failed });
  return found;
}

type Row = Awaited<ReturnType<typeof rowsOf>>[number];

/** Queues are read by indexes of the endpoint: the cost does not depend on how many deliveries are kept. */
function rowsOf(ctx: OutsideContext, keys: readonly number[]) {
  return reader(ctx)
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .leftJoin("endpoint_failure", "endpoint_failure.endpoint_id", "endpoint.id")
    .select(["endpoint.id as key", "endpoint.kind", "endpoint.url", "endpoint.disabled", "endpoint.flow_json"])
    .select(["endpoint.verification_json", "endpoint.policy_json", "endpoint.throttle_rate", "endpoint_failure.since"])
    .select(["application.policy_json as appPolicy", "application.throttle_rate as appRate"])
    .select([
      sql<number | null>`(SELECT max(d.message_id) FROM delivery d WHERE d.endpoint_id = endpoint.id)`.as(
        "lastMessage",
      ),
      sql<number>`(SELECT count(*) FROM (SELECT 1 FROM delivery d WHERE d.endpoint_id = endpoint.id AND d.due IS NOT NULL
        LIMIT ${sql.lit(MAX_QUEUED)}) q)`.as("queued"),
    ])
    .where("endpoint.id", "in", keys)
    .execute();
}

/** The same policy as in the directory, which would load all endpoints of each application. */
function policyOf(row: Row, platform: PolicyValues): PolicyValues {
  const layer = layerOf({ policy_json: row.appPolicy, throttle_rate: row.appRate });
  return over(over(platform, layer, "application"), layerOf(row), "endpoint");
}

function settingsOf({ services }: OutsideContext, row: Row, { verification }: PolicyValues): HoldSettings {
  return {
    key: row.key,
    destinationKind: row.kind,
    disabled: row.disabled === 1,
    kindProblem: services.rules.kinds.problem(row.kind, row.key),
    grant: isVerifiable(row.kind)
      ? grantOf(toVerification(row.verification_json), verification, row.url)
      : { held: false },
    policy: { lane: { pausedUntil: toFlow(row.flow_json).pausedUntil } },
  };
}
