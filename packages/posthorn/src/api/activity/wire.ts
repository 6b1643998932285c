/** From the API's words to the domain's, and back. */
import type { Static } from "typebox";
import { isoOrNull } from "../../domain/activity/record.ts";
import type { SourceRhythm } from "../../domain/activity/settings.ts";
import { invalid } from "../../lib/errors.ts";
import type { SilenceRule } from "../../activity/inactivity.ts";
import type { SourceRhythmIn } from "../models/catalogue.ts";

export function ruleOf({ mode, quietSeconds = null }: Static<typeof SourceRhythmIn>): SilenceRule {
  if (mode !== "fixed") return { mode };
  if (quietSeconds === null) throw invalid("quietSeconds", "The mode fixed needs the time after which it is silent.");
  return { mode, quietMs: quietSeconds * 1000 };
}

export function rhythmOut({ rule, state, lastAt, silentAt, silentSince, scale, week }: SourceRhythm): object {
  return {
    mode: rule.mode,
    quietSeconds: rule.mode === "fixed" ? rule.quietMs / 1000 : null,
    state,
    lastReceivedAt: isoOrNull(lastAt),
    silentAt: isoOrNull(silentAt),
    silentSince: isoOrNull(silentSince),
    scale,
    week: week.map((rate) => Math.round(rate * 100) / 100),
  };
}
