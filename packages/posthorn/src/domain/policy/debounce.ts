/** Debounce: a newer message replaces an older one that has not been sent yet, until no message arrives for a while. */
import { checkFlowKey, type FlowKeyValues } from "./flow-key.ts";
import { defineSection } from "./section.ts";

export interface DebounceValues extends FlowKeyValues {
  /** Time without a new message after which the last one is sent; 0: no debounce. */
  readonly waitSeconds: number;
  /** Latest time after the first message at which one is sent; never less than `waitSeconds`. */
  readonly maxWaitSeconds: number;
}

export const debounce = defineSection<DebounceValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ waitSeconds: 0, maxWaitSeconds: 300, by: "eventType", path: "" }),
  check: checkFlowKey,
});
