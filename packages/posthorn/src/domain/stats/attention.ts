/** Endpoints that need attention: why, and how urgently. */
import { sql } from "kysely";
import { indexedBy } from "../../store/portable-sql.ts";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Context, type OutsideContext, reader, type Services } from "../context.ts";
import { disabledAt, type Streak } from "../health/streak.ts";
import { isFailing } from "../policy/attention.ts";
import type { UnhealthyLane } from "../ports.ts";
import { sourceIdOf } from "../source/source.ts";
import { HOUR_MS } from "./roll-up.ts";

/** Maximum number of endpoints listed. */
const MAX_LISTED = 50;
/** Maximum number of endpoints whose success rate is compared with their policy. Those with the most failed attempts come first. */
const MAX_COMPARED = 200;

/**
 * `paused`, `disabled`, `unverified`, `unavailable`: why its deliveries are on hold. `failing`: its attempts fail, or it asked to wait.
 * `degraded`: too few of the attempts of the last hour succeeded.
 */
export type EndpointProblem = "failing" | "paused" | "disabled" | "unverified" | "unavailable" | "degraded";

/** `down`: nothing is delivered. `degraded`: less than usual. `notice`: it failed just now, and the next retry may succeed. */
export type AttentionLevel = "down" | "degraded" | "notice";

export interface EndpointNeedingAttention {
  readonly endpointId: string;
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly url: string;
  readonly problem: EndpointProblem;
  readonly level: AttentionLevel;
  /** Share of the attempts since the start of the previous hour that succeeded, in percent; `null`: not degraded. */
  readonly successPercent: number | null;
  /** Unix milliseconds: since when all attempts have failed; `null` if they have not. */
  readonly failingSince: number | null;
  readonly failures: number;
  /** When it will be auto-disabled unless a delivery succeeds; `null`: it is disabled, or auto-disable is off. */
  readonly disabledAt: number | null;
  /** Deliveries that are due. */
  readonly due: number;
}

export interface AttentionList {
  readonly needingAttention: readonly EndpointNeedingAttention[];
  readonly more: boolean;
}

/** An endpoint with pending deliveries. */
export interface LiveEndpoint {
  readonly endpointKey: number;
  readonly due: number;
  readonly later: number;
  /** When its first delivery is due. */
  readonly oldest: number;
}

function problemFacts({ services, actor }: Context) {
  const visible = visibleApplications(actor);
  return services.store.db
    .selectFrom("endpoint as e")
    .innerJoin("application as a", "a.id", "e.app_id")
    .leftJoin("endpoint_failure as f", "f.endpoint_id", "e.id")
    .select(["e.id", "e.public_id as endpointId", "e.url", "e.disabled", "f.since", "f.failures"])
    .select(["a.public_id as appId", "a.uid as appUid", "a.name as appName", "a.kind"])
    .where("a.org_id", "=", actor.orgId)
    .$if(visible !== null, (own) => own.where("a.id", "in", visible!))
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .where("a.deleted_at", "is", null)
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null);
}

type ProblemRow = Awaited<ReturnType<ReturnType<typeof problemFacts>["execute"]>>[number];

/** Failing endpoints in the database, longest first. Failures that just began are only in the memory of the node with the lane. */
export function failingRows(ctx: Context): Promise<readonly ProblemRow[]> {
  return (
    problemFacts(ctx)
      // SQLite reads all endpoints for a condition on the joined table.
      .where("e.id", "in", (eb) => eb.selectFrom("endpoint_failure").select("endpoint_id"))
      .orderBy("f.since")
      .limit(MAX_LISTED + 1)
      .execute()
  );
}

interface Found {
  readonly live: readonly LiveEndpoint[];
  readonly failing: readonly ProblemRow[];
  readonly held: ReadonlyMap<number, EndpointProblem>;
  readonly unhealthy: ReadonlyMap<number, UnhealthyLane>;
  readonly at: number;
}

/** Failing endpoints, longest first, then endpoints with deliveries on hold, then degraded ones. */
export async function needingAttention(
  ctx: OutsideContext,
  { live, failing, held, unhealthy, at }: Found,
): Promise<AttentionList> {
  const streakOf = (key: number): Streak | null => unhealthy.get(key)?.failing ?? null;
  const known = new Set(failing.map((row) => row.id));
  const others = live
    .map((row) => row.endpointKey)
    .filter((key) => !known.has(key) && (streakOf(key) !== null || held.has(key)))
    .slice(0, MAX_LISTED + 1);
  for (const key of others) known.add(key);
  const degraded = await degradedEndpoints(ctx, known, at);
  const keys = [...others, ...degraded.keys()];
  const rest = keys.length === 0 ? [] : await problemFacts(ctx).where("e.id", "in", keys).execute();
  const dueOf = new Map(live.map((row) => [row.endpointKey, row.due]));
  const listed = [...failing, ...rest]
    .filter(({ id, disabled }) => disabled === 0 || !degraded.has(id))
    .map(({ id, since, failures, disabled, kind, ...named }) => {
      const more = kind === APPLICATION_KIND.source ? { ...named, appId: sourceIdOf(named.appId) } : named;
      const streak = streakOf(id);
      const successPercent = degraded.get(id) ?? null;
      const working: EndpointProblem = successPercent === null ? "failing" : "degraded";
      const problem: EndpointProblem = disabled === 1 ? "disabled" : (held.get(id) ?? working);
      const failingSince = streak?.since ?? since;
      const due = dueOf.get(id) ?? 0;
      const row = { ...more, problem, successPercent, failingSince, failures: streak?.failures ?? failures ?? 0, due };
      return { id, row };
    });
  const ordered = listed.toSorted((a, b) => (a.row.failingSince ?? Infinity) - (b.row.failingSince ?? Infinity));
  const shown = ordered.slice(0, MAX_LISTED).map(async ({ id, row }) => ({
    ...row,
    level: held.has(id) ? LEVEL_OF[row.problem] : await levelOf(ctx.services, id, row, at),
    disabledAt: await autoDisableAt(ctx.services, id, streakOf(id)),
  }));
  return { needingAttention: await Promise.all(shown), more: ordered.length > MAX_LISTED };
}

/** Levels of endpoints whose deliveries are on hold. */
const LEVEL_OF: Readonly<Record<EndpointProblem, AttentionLevel>> = {
  failing: "down",
  paused: "degraded",
  disabled: "down",
  unverified: "down",
  unavailable: "down",
  degraded: "degraded",
};

type Problem = Pick<EndpointNeedingAttention, "problem" | "failingSince" | "failures">;

async function levelOf(
  { directory }: Pick<Services, "directory">,
  key: number,
  { problem, failingSince, failures }: Problem,
  at: number,
): Promise<AttentionLevel> {
  if (problem !== "failing" || failingSince === null) return LEVEL_OF[problem];
  const endpoint = await directory.endpoint(key);
  const isLasting =
    endpoint === null || isFailing({ since: failingSince, failures }, endpoint.policy.values.attention, at);
  return isLasting ? "down" : "notice";
}

/** Endpoints with too few successful attempts since the start of the previous hour, with their success rates in percent. */
async function degradedEndpoints(
  ctx: OutsideContext,
  known: ReadonlySet<number>,
  at: number,
): Promise<ReadonlyMap<number, number>> {
  const visible = visibleApplications(ctx.actor);
  const db = reader(ctx);
  // SQLite would read the counts of all hours of the organisation.
  const recent = sql<Database["rollup"]>`(SELECT * FROM rollup ${indexedBy(db, "rollup_hour")})`.as("rollup");
  const rows = await db
    .selectFrom(recent)
    .select((eb) => [
      "endpoint_id as key",
      eb.fn.sum<number>("attempts_ok").as("ok"),
      eb.fn.sum<number>("attempts_failed").as("failed"),
    ])
    .where("hour", ">=", Math.floor(at / HOUR_MS) - 1)
    .where("org_id", "=", ctx.actor.orgId)
    .$if(visible !== null, (own) => own.where("app_id", "in", visible!))
    .where("endpoint_id", ">", 0)
    .groupBy("endpoint_id")
    .having((eb) => eb(eb.fn.sum<number>("attempts_failed"), ">", 0))
    .orderBy((eb) => eb.fn.sum<number>("attempts_failed"), "desc")
    .limit(MAX_COMPARED)
    .execute();
  const found = new Map<number, number>();
  for (const { key, ok, failed } of rows) {
    if (known.has(key) || found.size > MAX_LISTED) continue;
    const endpoint = await ctx.services.directory.endpoint(key);
    if (endpoint === null || endpoint.disabled || endpoint.oneOff) continue;
    const { successPercent, minAttempts } = endpoint.policy.values.attention;
    const attempts = ok + failed;
    if (attempts >= minAttempts && ok * 100 < successPercent * attempts) found.set(key, (ok * 100) / attempts);
  }
  return found;
}

async function autoDisableAt(
  { directory }: Pick<Services, "directory">,
  endpointKey: number,
  streak: Streak | null,
): Promise<number | null> {
  const endpoint = streak === null ? null : await directory.endpoint(endpointKey);
  if (streak === null || endpoint === null || endpoint.disabled) return null;
  return disabledAt(streak, endpoint.policy.values.autoDisable);
}
