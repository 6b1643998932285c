/** Converts statistics between API fields and domain values. */
import { invalid } from "../../lib/errors.ts";
import { countOf, type Histogram, percentile } from "../../domain/stats/histogram.ts";
import type { Now } from "../../domain/stats/now.ts";
import type { Series, SeriesStep, StatsRange, Summary } from "../../domain/stats/query.ts";
import type { Counts } from "../../domain/stats/tally.ts";
import { dateTime, dateTimeOrNull, toMs } from "../wire.ts";

interface RangeQuery {
  readonly app_id?: string;
  readonly endpoint_id?: string;
  readonly since?: string;
  readonly until?: string;
}

export function statsRange(query: RangeQuery, app = query.app_id ?? null): StatsRange {
  const endpoint = query.endpoint_id ?? null;
  if (endpoint !== null && app === null) {
    throw invalid(["query", "endpoint_id"], "Also set app_id, the id or uid of the endpoint's application.");
  }
  return { app, endpoint, since: toMs(query.since), until: toMs(query.until) };
}

export function summaryOut({ counts, ...range }: Summary): object {
  return { ...rangeOut(range), ...countsOut(counts) };
}

export function seriesOut({ points, ...range }: Series, step: SeriesStep): object {
  return {
    ...rangeOut(range),
    step,
    points: points.map(({ at, counts }) => ({ at: dateTime(at), ...countsOut(counts) })),
  };
}

function rangeOut({ since, until, countedUpTo }: Omit<Summary, "counts">): object {
  return { since: dateTime(since), until: dateTime(until), countedUpTo: dateTime(countedUpTo) };
}

function countsOut(counts: Counts): object {
  const { messages, attemptsOk, attemptsFailed, firstTry, later, exhausted, latency, duration } = counts;
  const ended = firstTry + later + exhausted;
  return {
    messages,
    attempts: { ok: attemptsOk, failed: attemptsFailed },
    deliveries: {
      firstTry,
      later,
      exhausted,
      firstTryPercent: percent(firstTry, ended),
      successPercent: percent(firstTry + later, ended),
    },
    latency: percentilesOut(latency),
    duration: percentilesOut(duration),
  };
}

/** Percentage with two decimals. */
function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((10_000 * part) / whole) / 100;
}

function percentilesOut(histogram: Histogram): object {
  const at = (share: number): number | null => percentile(histogram, share);
  return { count: countOf(histogram), p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function nowOut({ at, waiting, load, endpoints, certificates, inactiveSources }: Now): object {
  const { oldestDue, due, held, later, exact } = waiting;
  return {
    at: dateTime(at),
    waiting: {
      due,
      held,
      later,
      oldestDueAt: dateTimeOrNull(oldestDue),
      oldestWaitSeconds: oldestDue === null ? 0 : Math.max(0, Math.round((at - oldestDue) / 1000)),
      exact,
    },
    dispatcher: { inFlight: load.inFlight, lanes: load.lanes, queuedBytes: load.queuedBytes },
    endpoints: {
      needingAttention: endpoints.needingAttention.map(({ failingSince, disabledAt, ...row }) => ({
        ...row,
        failingSince: dateTimeOrNull(failingSince),
        disabledAt: dateTimeOrNull(disabledAt),
      })),
      more: endpoints.more,
      certificates: certificates.map(({ validTo, ...row }) => ({ ...row, validTo: dateTime(validTo) })),
    },
    sources: {
      inactive: inactiveSources.map(({ inactiveSince, ...row }) => ({
        ...row,
        inactiveSince: dateTime(inactiveSince),
      })),
    },
  };
}
