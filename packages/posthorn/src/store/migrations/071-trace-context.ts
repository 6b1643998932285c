/**
 * Trace context of messages: see `lib/trace-context.ts`. A program that publishes with SQL passes it by `SET LOCAL posthorn.traceparent`,
 * so that the signature of `posthorn.publish` stays as it is.
 */
import type { Migration } from "./portable.ts";

export const traceContext: Migration = {
  sqlite: `
ALTER TABLE message ADD COLUMN trace_context TEXT;
ALTER TABLE outbox ADD COLUMN trace_context TEXT;
`,
  postgres: `
ALTER TABLE message ADD COLUMN trace_context text COLLATE "C";
ALTER TABLE outbox ADD COLUMN trace_context text COLLATE "C" DEFAULT nullif(current_setting('posthorn.traceparent', true), '');
`,
};
