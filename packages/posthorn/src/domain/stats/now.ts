/** Current state of an organisation: queued deliveries, load, endpoints in problem, certificates and inactive sources. */
import type { Kysely } from "kysely";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { type Actor, visibleApplications } from "../access.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import type { DispatchLoad } from "../ports.ts";
import { type EndpointHoldReason, holdsAmong } from "../endpoint/hold.ts";
import { endingCertificates, type EndingCertificate } from "../health/certificates.ts";
import {
  type AttentionList,
  type EndpointProblem,
  failingRows,
  type LiveEndpoint,
  needingAttention,
} from "./attention.ts";

/** Maximum number of pending deliveries counted; if there are more, the counts are lower bounds. */
const MAX_COUNTED = 1_000_000;
/** Maximum number of endpoints with pending deliveries whose settings are read to find out whether these are on hold. */
export const MAX_CHECKED = 5000;
/** Maximum number of inactive sources listed. */
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
  readonly endpoints: AttentionList;
  /** Certificates that have expired or expire within a month, by expiry. */
  readonly certificates: readonly EndingCertificate[];
  /** Longest first. */
  readonly inactiveSources: readonly InactiveSource[];
}

/** Returns the current state of the organisation's deliveries. */
export async function statsNow({ ctx }: OutsideCall<null>): Promise<Now> {
  const { services, actor } = ctx;
  const at = services.now();
  const { live, exact } = await countPending(reader(ctx), actor, at);
  const failing = await failingRows(ctx);
  const keys = new Set([...live.map((row) => row.endpointKey), ...failing.map((row) => row.id)]);
  const unhealthy = await services.lanes.unhealthy([...keys]);
  const checked = longestWaiting(live);
  const holds = await holdsAmong(services, checked, at, unhealthy);
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
      exact: exact && checked.length === live.length,
    },
    load: services.statistics.load(),
    endpoints: await needingAttention(ctx, { live, failing, held, unhealthy, at }),
    certificates: await endingCertificates(ctx),
    inactiveSources: await inactiveSources(ctx),
  };
}

/**
 * The endpoints with pending deliveries that have waited longest. After a long outage, nearly every endpoint has some, and reading the settings
 * of a hundred thousand takes minutes.
 */
export function longestWaiting(live: readonly LiveEndpoint[]): readonly number[] {
  const sorted = live.length <= MAX_CHECKED ? live : live.toSorted((a, b) => a.oldest - b.oldest).slice(0, MAX_CHECKED);
  return sorted.map(({ endpointKey }) => endpointKey);
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
  return (
    reader(ctx)
      .selectFrom("source_activity as r")
      .innerJoin("source as s", "s.id", "r.source_id")
      .innerJoin("application as a", "a.id", "r.source_id")
      .select(["s.public_id as sourceId", "a.name", "r.inactive_since as inactiveSince"])
      .where("a.org_id", "=", ctx.actor.orgId)
      .$if(visible !== null, (own) => own.where("a.id", "in", visible!))
      .where("a.deleted_at", "is", null)
      // SQLite reads all applications for a condition on the joined table.
      .where("a.id", "in", (eb) =>
        eb.selectFrom("source_activity").select("source_id").where("inactive_since", "is not", null),
      )
      .orderBy("r.inactive_since")
      .limit(MAX_LISTED)
      .$narrowType<{ inactiveSince: number }>()
      .execute()
  );
}

interface Live {
  readonly live: readonly LiveEndpoint[];
  readonly exact: boolean;
}

/** Counts pending deliveries per endpoint. Uses their partial index, so the cost does not depend on history. */
async function countPending(db: Kysely<Database>, actor: Actor, at: number): Promise<Live> {
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
