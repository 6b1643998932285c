/** Reads the activity of a source and sets its inactivity rule. */
import { profileOf, type Scale } from "../../activity/profile.ts";
import { type Activity, WEEK_HOURS } from "../../activity/activity.ts";
import { timeOfInactivity, type InactivityRule } from "../../activity/inactivity.ts";
import { type Call, type Context, reader, write } from "../context.ts";
import { getSource } from "../source/find.ts";
import { timeOfKey } from "../../lib/id.ts";
import { DEFAULT_RULE } from "./record.ts";

/** Times are Unix milliseconds. */
export interface SourceActivity {
  readonly rule: InactivityRule;
  /** `learning`: too few events so far to call the source inactive. */
  readonly state: "off" | "learning" | "active" | "inactive";
  readonly lastAt: number | null;
  /** When the source becomes inactive if no event arrives; `null` if unknown. */
  readonly inactiveAt: number | null;
  readonly inactiveSince: number | null;
  /** Finest scale with a regular pattern; `null` while learning. */
  readonly scale: Scale | null;
  /** Expected events for each hour of a week, starting Monday 00:00 UTC; empty while learning. */
  readonly week: readonly number[];
}

/** Hours from Thursday 00:00, where weeks since 1970 begin, to Monday 00:00. */
const MONDAY = 4 * 24;

export async function getActivity({ ctx, input }: Call<{ readonly source: string }>): Promise<SourceActivity> {
  const source = await getSource(ctx, input.source);
  const row = await reader(ctx)
    .selectFrom("source_activity")
    .selectAll()
    .where("source_id", "=", source.key)
    .executeTakeFirst();
  const activity = row === undefined || row.activity_json === null ? null : (JSON.parse(row.activity_json) as Activity);
  const rule = row === undefined ? DEFAULT_RULE : (JSON.parse(row.rule_json) as InactivityRule);
  const profile = activity === null ? null : profileOf(activity);
  const inactiveAt = row?.inactive_at ?? null;
  const inactiveSince = row?.inactive_since ?? null;
  return {
    rule,
    state: stateOf(rule, inactiveAt, inactiveSince),
    lastAt: await lastEvent(ctx, source.key, row?.last_at ?? null),
    inactiveAt,
    inactiveSince,
    scale: profile?.scale ?? null,
    week:
      profile === null
        ? []
        : Array.from({ length: WEEK_HOURS }, (_, hour) => profile.rates[(hour + MONDAY) % WEEK_HOURS]!),
  };
}

/** @param counted The last event that the activity, which is recorded every few seconds, includes. */
async function lastEvent(ctx: Context, source: number, counted: number | null): Promise<number | null> {
  const newest = await reader(ctx)
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", source)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest === undefined ? counted : Math.max(counted ?? 0, timeOfKey(newest.id));
}

function stateOf(
  rule: InactivityRule,
  inactiveAt: number | null,
  inactiveSince: number | null,
): SourceActivity["state"] {
  if (rule.mode === "off") return "off";
  if (inactiveSince !== null) return "inactive";
  return inactiveAt === null ? "learning" : "active";
}

/** Sets the inactivity rule. The source counts as active from now on, and the new rule applies to it. */
export async function setActivity({
  ctx,
  input,
}: Call<{ readonly source: string; readonly rule: InactivityRule }>): Promise<SourceActivity> {
  const { source: ref, rule } = input;
  const source = await getSource(ctx, ref);
  const now = ctx.services.now();
  return write(ctx, async (tx) => {
    const row = await tx.db
      .selectFrom("source_activity")
      .select("activity_json")
      .where("source_id", "=", source.key)
      .executeTakeFirst();
    const activity =
      row === undefined || row.activity_json === null ? null : (JSON.parse(row.activity_json) as Activity);
    const columns = {
      rule_json: JSON.stringify(rule),
      counted_from: now,
      inactive_at: timeOfInactivity(activity, rule, now),
      inactive_since: null,
    };
    await tx.db
      .insertInto("source_activity")
      .values({ source_id: source.key, activity_json: null, last_at: null, ...columns })
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    return getActivity({ ctx: { ...ctx, tx }, input: { source: ref } });
  });
}
