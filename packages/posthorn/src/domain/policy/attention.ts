/** When an endpoint needs attention, and whether its customer may be alerted. */
import { defineSection } from "./section.ts";

export interface AttentionValues {
  /** Consecutive failed attempts from which it needs attention. This or `afterSeconds` is enough. */
  readonly minFailures: number;
  /** Time without a success from which it needs attention, in seconds. */
  readonly afterSeconds: number;
  /** Success rate of the last hour below which it is degraded, in percent; 0: the rate does not matter. */
  readonly successPercent: number;
  /** Attempts that the last hour must contain for the rate to count. */
  readonly minAttempts: number;
  /** Whether the customer may set up alerts about it in the portal. */
  readonly customerAlerts: boolean;
}

/** Only the organisation sets it, because it decides what its own people and its customers are alerted about. */
export const attention = defineSection<AttentionValues>({
  platform: ({ customerAlerts }) => ({
    minFailures: 5,
    afterSeconds: 600,
    successPercent: 95,
    minAttempts: 20,
    customerAlerts,
  }),
});

interface Failures {
  /** When the first of the attempts in a row failed, Unix milliseconds. */
  readonly since: number;
  readonly failures: number;
}

/** Whether an endpoint has failed for long enough, or often enough, to need attention. */
export function isFailing({ since, failures }: Failures, values: AttentionValues, now: number): boolean {
  return failures >= values.minFailures || now - since >= values.afterSeconds * 1000;
}
