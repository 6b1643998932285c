/** Current state of an organisation: queued deliveries, load, endpoints in problem, certificates and inactive sources. */
import type { Kysely } from "kysely";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { type Actor, visibleApplications } from "../access.ts";
import { type Context, type OutsideCall, type OutsideContext, reader, type Services } from "../context.ts";
import type { DispatchLoad, UnhealthyLane } from "../ports.ts";
import { sourceIdOf } from "../source/source.ts";
import { type EndpointHoldReason, holdsAmong } from "../endpoint/hold.ts";
import { endingCertificates, type EndingCertificate } from "../health/certificates.ts";
import { disabledAt, type Streak } from "../health/streak.ts";

/** Maximum number of pending deliveries counted; if there are more, the counts are lower bounds. */
const MAX_COUNTED = 1_000_000;
/** Maximum number of endpoints in problem and of inactive sources listed. */
const MAX_LISTED = 50;

export interface Waiting {
  /** Deliveries that are due. */
  readonly due: number;
  /** Number of these that are on hold. */
  readonly held: number;
  /** Deliveries that are due later: retries and delayed messages. */
  readonly later: number;
  /** When the oldest due delivery that is not on hold became due; `null`: none. */
  readonly oldestDue: number | null;
  /** `false` if counting stopped at the limit. */
  readonly exact: boolean;
}

/** `paused`, `disabled`, `unverified`, `unavailable`: why its deliveries are on hold. `failing`: its attempts fail, or it asked to wait. */
export type EndpointProblem = "failing" | "paused" | "disabled" | "unverified" | "unavailable";

export interface EndpointNeedingAttention {
  readonly endpointId: string;
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly url: string;
  readonly problem: EndpointProblem;
  /** Unix milliseconds: since when all attempts have failed; `null` if they have not. */
  readonly failingSince: number | null;
  readonly failures: number;
  /** When it will be auto-disabled unless a delivery succeeds; `null`: it is disabled, or auto-disable is off. */
  readonly disabledAt: number | null;
  /** Deliveries that are due. */
  readonly due: number;
}

/** A source that has sent no events for longer than usual. */
export interface InactiveSource {
  readonly sourceId: string;
  readonly name: string;
  /** Unix milliseconds. */
  readonly inactiveSince: number;
}

export interface Now {
  readonly at: number;
  readonly waiting: Waiting;
  readonly load: DispatchLoad;
  readonly endpoints: { readonly needingAttention: readonly EndpointNeedingAttention[]; readonly more: boolean };
  /** Certificates that have expired or expire within a month, by expiry. */
  readonly certificates: readonly EndingCertificate[];
  /** Longest first. */
  readonly inactiveSources: readonly InactiveSource[];
}

/** Returns the current state of the organisation's deliveries. */
export async function statsNow({ ctx }: OutsideCall<null>): Promise<Now> {
  const { services, actor } = ctx;
  const at = services.now();
  const { live, exact } = await liveOf(reader(ctx), actor, at);
  const failing = await failingRows(ctx);
  const keys = new Set([...live.map((row) => row.endpointKey), ...failing.map((row) => row.id)]);
  const unhealthy = await services.lanes.unhealthy([...keys]);
  const holds = await holdsAmong(
    services,
    live.map((row) => row.endpointKey),
    at,
    unhealthy,
  );
  const held = new Map([...holds].map(([key, { reason }]) => [key, PROBLEM_OF[reason]]));
  const sum = (rows: readonly LiveEndpoint[], pick: (row: LiveEndpoint) => number): number =>
    rows.reduce((total, row) => total + pick(row), 0);
  const free = live.filter(({ endpointKey, due }) => due > 0 && !held.has(endpointKey));
  const due = sum(live, (row) => row.due);
  return {
    at,
    waiting: {
      due,
      held: due - sum(free, (row) => row.due),
      later: sum(live, (row) => row.later),
      oldestDue: free.length === 0 ? null : free.reduce((least, row) => Math.min(least, row.oldest), Infinity),
      exact,
    },
    load: services.statistics.load(),
    endpoints: await needingAttention(ctx, { live, failing, held, unhealthy }),
    certificates: await endingCertificates(ctx),
    inactiveSources: await inactiveSources(ctx),
  };
}

const PROBLEM_OF: Readonly<Record<EndpointHoldReason, EndpointProblem>> = {
  endpoint_disabled: "disabled",
  endpoint_unverified: "unverified",
  endpoint_kind_unavailable: "unavailable",
  endpoint_without_listener: "paused",
  endpoint_paused: "paused",
  endpoint_failing: "failing",
  endpoint_asked_to_wait: "failing",
};

async function inactiveSources(ctx: Context): Promise<readonly InactiveSource[]> {
  const visible = visibleApplications(ctx.actor);
  return reader(ctx)
    .selectFrom("source_activity as r")
    .innerJoin("source as s", "s.id", "r.source_id")
    .innerJoin("application as a", "a.id", "r.source_id")
    .select(["s.public_id as sourceId", "a.name", "r.inactive_since as inactiveSince"])
    .where("a.org_id", "=", ctx.actor.orgId)
    .$if(visible !== null, (own) => own.where("a.id", "in", visible!))
    .where("a.deleted_at", "is", null)
    .where("r.inactive_since", "is not", null)
    .orderBy("r.inactive_since")
    .limit(MAX_LISTED)
    .$narrowType<{ inactiveSince: number }>()
    .execute();
}

/** An endpoint with pending deliveries. */
interface LiveEndpoint {
  readonly endpointKey: number;
  readonly due: number;
  readonly later: number;
  /** When its first delivery is due. */
  readonly oldest: number;
}

interface Live {
  readonly live: readonly LiveEndpoint[];
  readonly exact: boolean;
}

/** Counts pending deliveries per endpoint. Uses their partial index, so the cost does not depend on history. */
async function liveOf(db: Kysely<Database>, actor: Actor, at: number): Promise<Live> {
  const visible = visibleApplications(actor);
  const rows = await db
    .selectFrom((eb) =>
      eb.selectFrom("delivery").select(["endpoint_id", "due"]).where("due", "is not", null).limit(MAX_COUNTED).as("l"),
    )
    .innerJoin("endpoint as e", "e.id", "l.endpoint_id")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select((eb) => [
      "l.endpoint_id as endpointKey",
      eb.fn.min<number>("l.due").as("oldest"),
      eb.fn.countAll<number>().as("all"),
      eb.fn.sum<number>(eb.case().when("l.due", "<=", at).then(1).else(0).end()).as("due"),
    ])
    .where("a.org_id", "=", actor.orgId)
    .$if(visible !== null, (own) => own.where("a.id", "in", visible!))
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .groupBy("l.endpoint_id")
    .execute();
  const counted = rows.reduce((total, row) => total + row.all, 0);
  const live = rows.map((row) => {
    const due = row.due;
    return { endpointKey: row.endpointKey, due, later: row.all - due, oldest: row.oldest };
  });
  return { live, exact: counted < MAX_COUNTED };
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
function failingRows(ctx: Context): Promise<readonly ProblemRow[]> {
  return problemFacts(ctx)
    .where("f.endpoint_id", "is not", null)
    .orderBy("f.since")
    .limit(MAX_LISTED + 1)
    .execute();
}

interface Found {
  readonly live: readonly LiveEndpoint[];
  readonly failing: readonly ProblemRow[];
  readonly held: ReadonlyMap<number, EndpointProblem>;
  readonly unhealthy: ReadonlyMap<number, UnhealthyLane>;
}

/** Failing endpoints, longest first, then endpoints with deliveries on hold. */
async function needingAttention(
  ctx: OutsideContext,
  { live, failing, held, unhealthy }: Found,
): Promise<Now["endpoints"]> {
  const streakOf = (key: number): Streak | null => unhealthy.get(key)?.failing ?? null;
  const known = new Set(failing.map((row) => row.id));
  const others = live
    .map((row) => row.endpointKey)
    .filter((key) => !known.has(key) && (streakOf(key) !== null || held.has(key)))
    .slice(0, MAX_LISTED + 1);
  const rest = others.length === 0 ? [] : await problemFacts(ctx).where("e.id", "in", others).execute();
  const dueOf = new Map(live.map((row) => [row.endpointKey, row.due]));
  const listed = [...failing, ...rest].map(({ id, since, failures, disabled, kind, ...named }) => {
    const more = kind === APPLICATION_KIND.source ? { ...named, appId: sourceIdOf(named.appId) } : named;
    const streak = streakOf(id);
    const problem: EndpointProblem = disabled === 1 ? "disabled" : (held.get(id) ?? "failing");
    const failingSince = streak?.since ?? since;
    const due = dueOf.get(id) ?? 0;
    return { id, row: { ...more, problem, failingSince, failures: streak?.failures ?? failures ?? 0, due } };
  });
  const ordered = listed.toSorted((a, b) => (a.row.failingSince ?? Infinity) - (b.row.failingSince ?? Infinity));
  const shown = ordered.slice(0, MAX_LISTED).map(async ({ id, row }) => {
    return { ...row, disabledAt: await autoDisableAt(ctx.services, id, streakOf(id)) };
  });
  return { needingAttention: await Promise.all(shown), more: ordered.length > MAX_LISTED };
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
