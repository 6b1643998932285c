/** Reads statistics: totals of a time range, and series by minute, hour or day. */
import { invalid, PosthornError } from "../../lib/errors.ts";
import { timeOfKey } from "../../lib/id.ts";
import type { CountColumns } from "../../store/statistics-schema.ts";
import { getApplication } from "../application/find.ts";
import { visibleApplications } from "../access.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import { getEndpoint } from "../endpoint/find.ts";
import { MINUTE_MS, MINUTES_MS, oldestMinute } from "./minutes.ts";
import { HOUR_MS, rolledUpTo } from "./roll-up.ts";
import { countsOf } from "./rows.ts";
import { addCounts, type Counts, noCounts, type Place } from "./tally.ts";

export interface StatsRange {
  /** Id or uid; `null`: all applications. */
  readonly app: string | null;
  /** Id or uid; `null`: all endpoints. */
  readonly endpoint: string | null;
  /** Unix milliseconds; `null`: 24 hours before the end. */
  readonly since: number | null;
  /** `null`: now. */
  readonly until: number | null;
}

export interface Summary {
  /** Start of the range, rounded to whole minutes, hours or days. */
  readonly since: number;
  readonly until: number;
  /** Time up to which everything is counted. */
  readonly countedUpTo: number;
  readonly counts: Counts;
}

/** Minutes are only available for all applications together, and only for the last hours. */
export const SUMMARY_STEPS = ["minute", "hour"] as const;
export type SummaryStep = (typeof SUMMARY_STEPS)[number];
export const SERIES_STEPS = ["minute", "hour", "day"] as const;
export type SeriesStep = (typeof SERIES_STEPS)[number];

export interface Point {
  readonly at: number;
  readonly counts: Counts;
}

export interface Series extends Omit<Summary, "counts"> {
  /** All minutes, hours or days of the range, including those without traffic. */
  readonly points: readonly Point[];
}

const STEP_MS: Readonly<Record<SeriesStep, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: 24 * HOUR_MS };
/** Maximum number of points in a series. */
const MAX_POINTS = 1000;
const MAX_RANGE_MS = 400 * 24 * HOUR_MS;

export async function summarise({
  ctx,
  input,
}: OutsideCall<StatsRange & { readonly step: SummaryStep }>): Promise<Summary> {
  const range = rangeOf(ctx, input, STEP_MS[input.step]);
  const place = await placeOf(ctx, input);
  await ctx.services.statistics.refresh();
  const counts = noCounts();
  for (const row of await counted(ctx, place, range, input.step)) addCounts(counts, countsOf(row));
  return { ...range, countedUpTo: await countedUpTo(ctx), counts };
}

export async function seriesOf({
  ctx,
  input,
}: OutsideCall<StatsRange & { readonly step: SeriesStep }>): Promise<Series> {
  const stepMs = STEP_MS[input.step];
  const range = rangeOf(ctx, input, stepMs);
  if ((range.until - range.since) / stepMs > MAX_POINTS) {
    throw new PosthornError(
      "invalid_range",
      `A series can have up to ${MAX_POINTS} points. Use days, or a shorter range.`,
    );
  }
  const place = await placeOf(ctx, input);
  await ctx.services.statistics.refresh();
  const points = new Map<number, Counts>();
  for (let at = range.since; at < range.until; at += stepMs) points.set(at, noCounts());
  for (const row of await counted(ctx, place, range, input.step)) {
    const at = Math.floor(row.at / stepMs) * stepMs;
    addCounts(points.get(at)!, countsOf(row));
  }
  const list = [...points].map(([at, counts]) => ({ at, counts }));
  return { ...range, countedUpTo: await countedUpTo(ctx), points: list };
}

interface TimeRange {
  readonly since: number;
  readonly until: number;
}

function rangeOf(ctx: Context, { since, until }: StatsRange, stepMs: number): TimeRange {
  const end = until ?? ctx.services.now();
  const begin = since ?? end - 24 * HOUR_MS;
  if (begin > end || end - begin > MAX_RANGE_MS) {
    throw new PosthornError("invalid_range", "`since` must be before `until`, by 400 days at most.");
  }
  return { since: Math.floor(begin / stepMs) * stepMs, until: Math.ceil(end / stepMs) * stepMs };
}

async function placeOf(ctx: Context, { app, endpoint }: StatsRange): Promise<Place> {
  const { orgId } = ctx.actor;
  if (app === null) return { orgId, appId: 0, endpointId: 0 };
  if (endpoint === null) return { orgId, appId: (await getApplication(ctx, app)).key, endpointId: 0 };
  const found = await getEndpoint(ctx, { app, endpoint });
  return { orgId, appId: found.application.key, endpointId: found.endpoint.key };
}

interface CountedRow extends CountColumns {
  /** Start of the minute or hour. */
  readonly at: number;
}

async function counted(ctx: Context, place: Place, range: TimeRange, step: SeriesStep): Promise<readonly CountedRow[]> {
  return step === "minute" ? minutesOf(ctx, place, range) : hoursOf(ctx, place, range);
}

async function hoursOf(ctx: Context, { orgId, appId, endpointId }: Place, { since, until }: TimeRange) {
  const visible = appId === 0 ? visibleApplications(ctx.actor) : null;
  const rows = await reader(ctx)
    .selectFrom("rollup")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("app_id", "in", visible ?? [appId])
    .where("endpoint_id", "=", endpointId)
    .where("hour", ">=", since / HOUR_MS)
    .where("hour", "<", until / HOUR_MS)
    .execute();
  return rows.map((row) => ({ ...row, at: row.hour * HOUR_MS }));
}

async function minutesOf(ctx: Context, { orgId, appId }: Place, { since, until }: TimeRange) {
  if (appId !== 0 || visibleApplications(ctx.actor) !== null) {
    throw invalid(
      ["query", "step"],
      "Minutes are only available for all applications together. Omit app_id, or use hours.",
    );
  }
  if (since / MINUTE_MS < oldestMinute(ctx.services.now())) {
    const hours = MINUTES_MS / HOUR_MS;
    throw new PosthornError("invalid_range", `Minutes are kept for ${hours} hours. Use hours, or a shorter range.`);
  }
  const rows = await reader(ctx)
    .selectFrom("rollup_minute")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("minute", ">=", since / MINUTE_MS)
    .where("minute", "<", until / MINUTE_MS)
    .execute();
  return rows.map((row) => ({ ...row, at: row.minute * MINUTE_MS }));
}

/** Time up to which both messages and attempts are counted; the current time if nothing is uncounted. */
async function countedUpTo(ctx: Context): Promise<number> {
  const { services } = ctx;
  const times = (["message", "attempt"] as const).map(async (source) => {
    const cursor = await rolledUpTo(services, source);
    const next = await reader(ctx)
      .selectFrom(source)
      .select("id")
      .where("id", ">", cursor)
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    return next === undefined ? services.now() : timeOfKey(next.id);
  });
  return Math.min(...(await Promise.all(times)));
}
