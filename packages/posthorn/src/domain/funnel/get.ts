/** Reads the results of the requests and events of a source. */
import { PosthornError } from "../../lib/errors.ts";
import { type Call, reader } from "../context.ts";
import { getSource } from "../source/find.ts";
import { HOUR_MS } from "../stats/roll-up.ts";
import { FUNNEL_DAYS, FUNNEL_STEPS } from "./record.ts";

export interface FunnelRange {
  readonly source: string;
  /** Unix milliseconds; `null`: 24 hours before the end. */
  readonly since: number | null;
  /** `null`: now. */
  readonly until: number | null;
}

/** Counts of a period. `received` is the sum of `verified` and `quarantined`; `verified` of `duplicates`, `routed` and `unrouted`. */
export interface Funnel {
  /** Start of the period, rounded down to a whole hour. */
  readonly since: number;
  /** End of the period, rounded up to a whole hour. */
  readonly until: number;
  readonly received: number;
  readonly verified: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly routed: number;
  readonly unrouted: number;
}

/** Funnel of a source. Throws `not_found`, and `invalid_range` for a period that is empty or longer than the counts are kept. */
export async function getFunnel({ ctx, input }: Call<FunnelRange>): Promise<Funnel> {
  const { key } = await getSource(ctx, input.source);
  const end = input.until ?? ctx.services.now();
  const begin = input.since ?? end - 24 * HOUR_MS;
  if (begin > end || end - begin > FUNNEL_DAYS * 24 * HOUR_MS) {
    throw new PosthornError("invalid_range", `\`since\` must be before \`until\`, by ${FUNNEL_DAYS} days at most.`);
  }
  const [from, to] = [Math.floor(begin / HOUR_MS), Math.ceil(end / HOUR_MS)];
  const { stored, routed, duplicates, quarantined } = await reader(ctx)
    .selectFrom("source_hour")
    .select(({ fn, lit }) => FUNNEL_STEPS.map((step) => fn.coalesce(fn.sum<number>(step), lit(0)).as(step)))
    .where("source_id", "=", key)
    .where("hour", ">=", from)
    .where("hour", "<", to)
    .executeTakeFirstOrThrow();
  const verified = stored + duplicates;
  return {
    since: from * HOUR_MS,
    until: to * HOUR_MS,
    received: verified + quarantined,
    verified,
    duplicates,
    quarantined,
    routed,
    unrouted: stored - routed,
  };
}
