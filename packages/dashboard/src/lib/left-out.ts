/** Reasons for which a replay leaves messages out. */
import type { components } from "../api/schema.ts";

type AcrossSkipped = components["schemas"]["AcrossPlanOut"]["skipped"];
type Status = keyof AcrossSkipped["otherStatus"];
export type Reason = Status | Exclude<keyof AcrossSkipped, "otherStatus">;

/** Counts of one endpoint, or of a whole replay. */
export type Skipped = Pick<AcrossSkipped, "otherStatus" | "payloadGone" | "alreadyDue"> & Partial<AcrossSkipped>;

const REASONS: readonly Reason[] = [
  "success",
  "pending",
  "fail",
  "sending",
  "canceled",
  "payloadGone",
  "alreadyDue",
  "endpointDisabled",
];

/** The sums of the counts by reason, without those that are zero. */
export function skippedReasons(skipped: readonly Skipped[]): readonly (readonly [Reason, number])[] {
  const flat = skipped.map(({ otherStatus, ...others }): Partial<Record<Reason, number>> => {
    return { ...otherStatus, ...others };
  });
  return REASONS.flatMap((reason) => {
    const sum = flat.reduce((total, counts) => total + (counts[reason] ?? 0), 0);
    return sum === 0 ? [] : [[reason, sum] as const];
  });
}
