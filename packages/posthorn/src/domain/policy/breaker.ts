/** Circuit breaker: when Posthorn stops attempts to a failing endpoint, and how it probes whether the endpoint has recovered. */
import type { BreakerPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface BreakerValues {
  readonly enabled: boolean;
  /** Failures in a row that open the circuit, if they span at least `windowSeconds`. */
  readonly failures: number;
  /** Minimum time over which those failures occur. */
  readonly windowSeconds: number;
  /** Time from opening to the first probe. Doubled after each failed probe, up to `maxProbeSeconds`. */
  readonly probeSeconds: number;
  /** Maximum time between probes. */
  readonly maxProbeSeconds: number;
}

/** Only the organisation sets it, because it protects the platform. */
export const breaker = defineSection<BreakerValues>({
  platform: () => ({ enabled: true, failures: 10, windowSeconds: 30, probeSeconds: 30, maxProbeSeconds: 900 }),
});

/** Converts the values for the dispatcher. */
export function breakerPolicy(values: BreakerValues): BreakerPolicy | null {
  if (!values.enabled) return null;
  return {
    failures: values.failures,
    windowMs: values.windowSeconds * 1000,
    probeMs: values.probeSeconds * 1000,
    maxProbeMs: Math.max(values.probeSeconds, values.maxProbeSeconds) * 1000,
  };
}
