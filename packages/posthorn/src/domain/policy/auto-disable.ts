/** When Posthorn disables an endpoint: after long failure, or when it answers 410 Gone. Its deliveries are held. */
import { invalid } from "../../lib/errors.ts";
import { defineSection } from "./section.ts";

export interface AutoDisableValues {
  /** Whether Posthorn disables the endpoint at all. */
  readonly enabled: boolean;
  /** Whether one response with status 410 disables it. */
  readonly onGone: boolean;
  /** It failed for so long without a success … */
  readonly afterSeconds: number;
  /** … and with at least so many attempts. */
  readonly minFailures: number;
  /** Or: so much of its attempts failed, in percent; 0: the rate does not matter. */
  readonly failurePercent: number;
  /** The time that the rate is looked at … */
  readonly windowSeconds: number;
  /** … and the attempts there must be in it. */
  readonly windowAttempts: number;
}

/** It protects the platform: only the organisation sets it. */
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
      "A rate below 10 percent would switch off endpoints that work: use 10 to 100, or 0 for none.",
    );
  },
});
