/** When Posthorn disables an endpoint: after failing for long, or when it responds 410 Gone. Its deliveries are put on hold. */
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";

export interface AutoDisableValues {
  /** Whether Posthorn disables the endpoint. */
  readonly enabled: boolean;
  /** Whether one response with status 410 disables it. */
  readonly onGone: boolean;
  /** Time without a success after which it is disabled, in seconds. Both this and `minFailures` must be reached. */
  readonly afterSeconds: number;
  /** Failed attempts in that time. */
  readonly minFailures: number;
  /** Failure rate above which it is disabled, in percent; 0: the rate does not matter. */
  readonly failurePercent: number;
  /** Time over which the rate is measured. */
  readonly windowSeconds: number;
  /** Attempts that the time must contain for the rate to count. */
  readonly windowAttempts: number;
}

/** Only the organisation sets it, because it protects the platform. */
export const autoDisable = defineSection<AutoDisableValues>({
  platform: ({ autoDisableAfterMs }) => ({
    enabled: autoDisableAfterMs > 0,
    onGone: true,
    afterSeconds: autoDisableAfterMs > 0 ? Math.round(autoDisableAfterMs / 1000) : 432_000,
    minFailures: 10,
    failurePercent: 0,
    windowSeconds: 86_400,
    windowAttempts: 100,
  }),
  check: ({ failurePercent }, { path }) => {
    if (failurePercent === undefined || failurePercent === 0 || failurePercent >= 10) return;
    throw invalid(
      [...path, "failurePercent"],
      "A failure rate below 10 percent would disable working endpoints. Use 10 to 100, or 0 to ignore the rate.",
    );
  },
});
