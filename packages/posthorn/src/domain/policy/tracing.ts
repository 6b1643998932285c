/** Whether endpoints receive the trace context of their messages. */
import { defineSection } from "./section.ts";

export interface TracingValues {
  /** Send `traceparent` and `tracestate` (W3C trace context) with each attempt. */
  readonly propagate: boolean;
}

/** Only the organisation sets it, because trace IDs connect its systems with those of others. */
export const tracing = defineSection<TracingValues>({ platform: () => ({ propagate: false }) });
