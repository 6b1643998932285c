/** Within a quiet time a newer message takes the place of an older one that still waits. */
import { checkPacingKey, type PacingKeyValues } from "./pacing-key.ts";
import { defineSection } from "./section.ts";

export interface DebounceValues extends PacingKeyValues {
  /** Quiet time after which the last message goes out; 0: no debounce. */
  readonly waitSeconds: number;
  /** It goes out so long after the first one at the latest; never less than `waitSeconds`. */
  readonly maxWaitSeconds: number;
}

export const debounce = defineSection<DebounceValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ waitSeconds: 0, maxWaitSeconds: 300, by: "eventType", path: "" }),
  check: checkPacingKey,
});
