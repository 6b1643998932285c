/** When an endpoint needs attention, and whether its customer may be told. */
import { defineSection } from "./section.ts";

export interface AttentionValues {
  /** Failed attempts in a row from which it does. This or `afterSeconds` is enough. */
  readonly minFailures: number;
  /** Time without a success from which it does, in seconds. */
  readonly afterSeconds: number;
  /** Success rate of the last hour below which it is degraded, in percent; 0: the rate does not matter. */
  readonly successPercent: number;
  /** Attempts that the last hour must contain for the rate to count. */
  readonly minAttempts: number;
  /** Whether the customer may set up alerts about it in the portal. */
  readonly customerAlerts: boolean;
}

/** Only the organisation sets it: it decides what its own people and its customers are told. */
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
