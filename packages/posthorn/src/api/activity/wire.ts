/** Converts activity between API fields and domain values. */
import type { Static } from "typebox";
import { isoOrNull } from "../../domain/activity/record.ts";
import type { SourceActivity } from "../../domain/activity/settings.ts";
import { invalid } from "../../lib/errors.ts";
import type { InactivityRule } from "../../activity/inactivity.ts";
import type { SourceActivityIn } from "../models/source-activity.ts";

export function ruleOf({ mode, inactiveAfterSeconds = null }: Static<typeof SourceActivityIn>): InactivityRule {
  if (mode !== "fixed") return { mode };
  if (inactiveAfterSeconds === null) {
    throw invalid(
      "inactiveAfterSeconds",
      "The mode `fixed` requires `inactiveAfterSeconds`: the seconds without events after which the source counts as inactive.",
    );
  }
  return { mode, quietMs: inactiveAfterSeconds * 1000 };
}

export function activityOut({ rule, state, lastAt, inactiveAt, inactiveSince, scale, week }: SourceActivity): object {
  return {
    mode: rule.mode,
    inactiveAfterSeconds: rule.mode === "fixed" ? rule.quietMs / 1000 : null,
    state,
    lastReceivedAt: isoOrNull(lastAt),
    inactiveAt: isoOrNull(inactiveAt),
    inactiveSince: isoOrNull(inactiveSince),
    scale,
    week: week.map((rate) => Math.round(rate * 100) / 100),
  };
}
