/** Throttle: limits the number of deliveries per key and time window. */
import { checkFlowKey, type FlowKeyValues } from "./flow-key.ts";
import { defineSection } from "./section.ts";

export interface ThrottleValues extends FlowKeyValues {
  /** Deliveries per window; 0: no throttle. */
  readonly limit: number;
  /** Length of a window, which starts with its first delivery. */
  readonly windowSeconds: number;
  /** Deliveries above the limit are postponed to a window that starts within this many seconds, or else canceled; 0: always canceled. */
  readonly maxDelaySeconds: number;
}

export const throttle = defineSection<ThrottleValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ limit: 0, windowSeconds: 60, maxDelaySeconds: 0, by: "eventType", path: "" }),
  check: checkFlowKey,
});
