/** Circuit breaker: when attempts to a failing endpoint stop, and how Posthorn probes whether it is back. */
import type { BreakerPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface BreakerValues {
  readonly enabled: boolean;
  /** Failures in a row that open the circuit … */
  readonly failures: number;
  /** … over at least this many seconds. */
  readonly windowSeconds: number;
  /** From opening to the first probe; doubled after each probe that fails … */
  readonly probeSeconds: number;
  /** … up to this. */
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
