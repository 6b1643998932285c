/** How a source is watched, and what is known of its rhythm. */
import { profileOf, type Scale } from "../../activity/profile.ts";
import { type Rhythm, WEEK_HOURS } from "../../activity/activity.ts";
import { silentAt, type SilenceRule } from "../../activity/inactivity.ts";
import { type Call, reader, write } from "../context.ts";
import { getSource } from "../source/find.ts";
import { DEFAULT_RULE } from "./record.ts";

/** Times are Unix milliseconds. */
export interface SourceRhythm {
  readonly rule: SilenceRule;
  /** `learning`: too little is known to call it silent. */
  readonly state: "off" | "learning" | "heard" | "silent";
  readonly lastAt: number | null;
  /** When it will count as silent if nothing comes; `null`: that cannot be told. */
  readonly silentAt: number | null;
  readonly silentSince: number | null;
  /** At which scale its rhythm shows; `null` while it is not known. */
  readonly scale: Scale | null;
  /** Events to be expected in each hour of a week, from Monday at midnight in UTC; empty while they are not known. */
  readonly week: readonly number[];
}

/** Hours from midnight on the first Thursday of 1970 to the Monday after it. */
const MONDAY = 4 * 24;

export async function getRhythm({ ctx, input }: Call<{ readonly source: string }>): Promise<SourceRhythm> {
  const source = await getSource(ctx, input.source);
  const row = await reader(ctx)
    .selectFrom("source_rhythm")
    .selectAll()
    .where("source_id", "=", source.key)
    .executeTakeFirst();
  const rhythm = row === undefined || row.rhythm_json === null ? null : (JSON.parse(row.rhythm_json) as Rhythm);
  const rule = row === undefined ? DEFAULT_RULE : (JSON.parse(row.rule_json) as SilenceRule);
  const profile = rhythm === null ? null : profileOf(rhythm, rhythm.lastAt);
  const silence = row?.silent_at ?? null;
  const silentSince = row?.silent_since ?? null;
  return {
    rule,
    state: stateOf(rule, silence, silentSince),
    lastAt: row?.last_at ?? null,
    silentAt: silence,
    silentSince,
    scale: profile?.scale ?? null,
    week:
      profile === null
        ? []
        : Array.from({ length: WEEK_HOURS }, (_, hour) => profile.rates[(hour + MONDAY) % WEEK_HOURS]!),
  };
}

function stateOf(rule: SilenceRule, silence: number | null, silentSince: number | null): SourceRhythm["state"] {
  if (rule.mode === "off") return "off";
  if (silentSince !== null) return "silent";
  return silence === null ? "learning" : "heard";
}

/** Changes how silence is told. The source is judged anew: it counts as heard now. */
export async function setRhythm({
  ctx,
  input,
}: Call<{ readonly source: string; readonly rule: SilenceRule }>): Promise<SourceRhythm> {
  const { source: ref, rule } = input;
  const source = await getSource(ctx, ref);
  const now = ctx.services.now();
  return write(ctx, async (tx) => {
    const row = await tx.db
      .selectFrom("source_rhythm")
      .select("rhythm_json")
      .where("source_id", "=", source.key)
      .executeTakeFirst();
    const rhythm = row === undefined || row.rhythm_json === null ? null : (JSON.parse(row.rhythm_json) as Rhythm);
    const columns = {
      rule_json: JSON.stringify(rule),
      counted_from: now,
      silent_at: silentAt(rhythm, rule, now),
      silent_since: null,
    };
    await tx.db
      .insertInto("source_rhythm")
      .values({ source_id: source.key, rhythm_json: null, last_at: null, ...columns })
      .onConflict((conflict) => conflict.column("source_id").doUpdateSet(columns))
      .execute();
    return getRhythm({ ctx: { ...ctx, tx }, input: { source: ref } });
  });
}
