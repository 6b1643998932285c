/** At most so many deliveries of one key in a window. */
import { checkPacingKey, type PacingKeyValues } from "./pacing-key.ts";
import { defineSection } from "./section.ts";

export interface ThrottleValues extends PacingKeyValues {
  /** Deliveries in a window; 0: no throttle. */
  readonly limit: number;
  /** A window begins with its first delivery. */
  readonly windowSeconds: number;
  /** What is over the limit is put off to a window that begins within so many seconds, or else canceled; 0: canceled at once. */
  readonly maxDelaySeconds: number;
}

export const throttle = defineSection<ThrottleValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ limit: 0, windowSeconds: 60, maxDelaySeconds: 0, by: "eventType", path: "" }),
  check: checkPacingKey,
});
