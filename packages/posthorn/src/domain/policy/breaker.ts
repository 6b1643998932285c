/** When an endpoint that fails is left alone, and how it is found to be back. */
import type { BreakerPolicy } from "../../dispatch/policy.ts";
import { defineSection } from "./section.ts";

export interface BreakerValues {
  readonly enabled: boolean;
  /** Failures in a row … */
  readonly failures: number;
  /** … over at least so many seconds, after which nothing more is sent. */
  readonly windowSeconds: number;
  /** From then to the first probe; doubled after each probe that fails … */
  readonly probeSeconds: number;
  /** … up to this. */
  readonly maxProbeSeconds: number;
}

/** It protects the platform: only the organisation sets it. */
export const breaker = defineSection<BreakerValues>({
  platform: () => ({ enabled: true, failures: 10, windowSeconds: 30, probeSeconds: 30, maxProbeSeconds: 900 }),
});

/** In the form of the dispatcher. */
export function breakerPolicy(values: BreakerValues): BreakerPolicy | null {
  if (!values.enabled) return null;
  return {
    failures: values.failures,
    windowMs: values.windowSeconds * 1000,
    probeMs: values.probeSeconds * 1000,
    maxProbeMs: Math.max(values.probeSeconds, values.maxProbeSeconds) * 1000,
  };
}
