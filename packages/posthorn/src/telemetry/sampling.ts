/** Decides which traces are exported, by `OTEL_TRACES_SAMPLER`. The decision depends on the trace ID only, so that all nodes agree. */
import type { Sampler } from "../config/telemetry.ts";

const SCALE = 2 ** 56;

/** @param parent Whether the context of the caller is sampled; `null`: it has none. */
export function isSampled({ name, ratio }: Sampler, traceId: string, parent: boolean | null): boolean {
  const [own, isParentBased] = name.startsWith("parentbased_") ? [name.slice(12), true] : [name, false];
  if (isParentBased && parent !== null) return parent;
  if (own === "traceidratio") return Number.parseInt(traceId.slice(18), 16) < ratio * SCALE;
  return own === "always_on";
}
