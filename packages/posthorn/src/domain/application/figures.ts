/** Figures of several applications or sources for a list: their health, their attempts and requests of the last day, and their queues. */
import { sql } from "kysely";
import { keyOfId, timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type OutsideCall, type OutsideContext, reader } from "../context.ts";
import { type AttemptHour, type Health, healthOf, HOURS, MAX_QUEUED, rateOf } from "../endpoint/figures.ts";
import { layerOf, over, platformPolicy } from "../policy/resolve.ts";
import { applicationIdOf, sourceIdOf } from "../source/source.ts";
import { HOUR_MS } from "../stats/roll-up.ts";

/** Requests to a source in one hour. */
export interface RequestHour {
  /** Verified, duplicates included. */
  readonly accepted: number;
  readonly quarantined: number;
}

/** Times are Unix milliseconds. */
export interface ApplicationFigures {
  /** Public ID of the application or source. */
  readonly id: string;
  /** Endpoints, up to {@link MAX_ENDPOINTS}. */
  readonly endpoints: number;
  /** How many of these have had no success since their last failure. */
  readonly failing: number;
  readonly health: Health;
  /** Share of the attempts of the last day that succeeded; `null`: there were none. */
  readonly successRate: number | null;
  /** The last 24 hours, the current one last. */
  readonly hours: readonly AttemptHour[];
  /** The same for the requests to a source; `null` for an application. */
  readonly requests: readonly RequestHour[] | null;
  /** When the newest message was published or received; `null`: none, or it is no longer kept. */
  readonly lastEventAt: number | null;
  /** Deliveries that are not finished, up to {@link MAX_QUEUED}, of the {@link QUEUES} newest endpoints. */
  readonly queued: number;
}

/** Endpoints of an application that are counted. */
export const MAX_ENDPOINTS = 1000;
/** Endpoints of an application whose queues are counted. */
export const QUEUES = 100;

/** Figures of the applications and sources with these IDs, without those that the caller does not see. */
export async function applicationFigures({
  ctx,
  input,
}: OutsideCall<{ readonly ids: readonly string[] }>): Promise<readonly ApplicationFigures[]> {
  await ctx.services.statistics.refresh();
  const rows = await rowsOf(ctx, input.ids.map(applicationIdOf));
  const keys = rows.map(({ key }) => key);
  if (keys.length === 0) return [];
  const [attempts, requests] = await Promise.all([attemptHours(ctx, keys), requestHours(ctx, keys)]);
  const platform = platformPolicy(ctx.services.rules.policyDefaults);
  return rows.map(({ key, publicId, kind, endpoints, failing, lastMessage, queued, ...row }) => {
    const isSource = kind === APPLICATION_KIND.source;
    const hours = attempts.get(key)!;
    const successRate = rateOf(hours);
    const { attention } = over(platform, layerOf(row), "application");
    return {
      id: isSource ? sourceIdOf(publicId) : publicId,
      endpoints,
      failing,
      health: healthOf(failing > 0, successRate, attention.successPercent),
      successRate,
      hours,
      requests: isSource ? requests.get(key)! : null,
      lastEventAt: lastMessage === null ? null : timeOfKey(lastMessage),
      queued,
    };
  });
}

/** The newest endpoints of an application, read by an index of the application. */
const newest = (limit: number) =>
  sql`(SELECT e.id FROM endpoint e WHERE e.app_id = application.id AND e.deleted_at IS NULL AND e.replay_task_id IS NULL
    ORDER BY e.id DESC LIMIT ${sql.lit(limit)})`;

/** Counts have limits, so that the cost does not depend on how many endpoints and deliveries there are. */
function rowsOf(ctx: OutsideContext, publicIds: readonly string[]) {
  const visible = visibleApplications(ctx.actor);
  return reader(ctx)
    .selectFrom("application")
    .select(["application.id as key", "application.public_id as publicId", "application.kind"])
    .select(["application.policy_json", "application.throttle_rate"])
    .select([
      sql<number>`(SELECT count(*) FROM ${newest(MAX_ENDPOINTS)} n)`.as("endpoints"),
      sql<number>`(SELECT count(*) FROM ${newest(MAX_ENDPOINTS)} n JOIN endpoint_failure f ON f.endpoint_id = n.id)`.as(
        "failing",
      ),
      sql<number | null>`(SELECT max(m.id) FROM message m WHERE m.app_id = application.id)`.as("lastMessage"),
      sql<number>`(SELECT count(*) FROM (SELECT 1 FROM ${newest(QUEUES)} n JOIN delivery d ON d.endpoint_id = n.id
        AND d.due IS NOT NULL LIMIT ${sql.lit(MAX_QUEUED)}) q)`.as("queued"),
    ])
    .where(
      "application.id",
      "in",
      publicIds.map((id) => keyOfId("app_", id) ?? -1),
    )
    .where("application.public_id", "in", publicIds)
    .where("application.org_id", "=", ctx.actor.orgId)
    .where("application.deleted_at", "is", null)
    .where("application.kind", "<>", APPLICATION_KIND.operational)
    .$if(visible !== null, (own) => own.where("application.id", "in", visible!))
    .execute();
}

async function attemptHours(ctx: OutsideContext, keys: readonly number[]) {
  const first = firstHour(ctx);
  const rows = await reader(ctx)
    .selectFrom("rollup")
    .select(["app_id", "hour", "attempts_ok as succeeded", "attempts_failed as failed"])
    .where("org_id", "=", ctx.actor.orgId)
    .where("app_id", "in", keys)
    .where("endpoint_id", "=", 0)
    .where("hour", ">=", first)
    .execute();
  const found = emptyHours(keys, (): AttemptHour => ({ succeeded: 0, failed: 0 }));
  for (const { app_id, hour, ...counts } of rows) found.get(app_id)!.splice(hour - first, 1, counts);
  return found;
}

async function requestHours(ctx: OutsideContext, keys: readonly number[]) {
  const first = firstHour(ctx);
  const rows = await reader(ctx)
    .selectFrom("source_hour")
    .select(["source_id", "hour", "stored", "duplicates", "quarantined"])
    .where("source_id", "in", keys)
    .where("hour", ">=", first)
    .execute();
  const found = emptyHours(keys, (): RequestHour => ({ accepted: 0, quarantined: 0 }));
  for (const { source_id, hour, stored, duplicates, quarantined } of rows)
    found.get(source_id)!.splice(hour - first, 1, { accepted: stored + duplicates, quarantined });
  return found;
}

function firstHour({ services }: OutsideContext): number {
  return Math.floor(services.now() / HOUR_MS) - HOURS + 1;
}

function emptyHours<Hour>(keys: readonly number[], empty: () => Hour): ReadonlyMap<number, Hour[]> {
  return new Map(keys.map((key) => [key, Array.from({ length: HOURS }, empty)]));
}
