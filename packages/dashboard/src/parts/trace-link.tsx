import type { components } from "../api/schema.ts";
import { Copyable } from "../components/copy.tsx";

/** The trace of a message or attempt: a link to the tracing tool if the server knows one, or the ID to copy. */
export function TraceLink({ trace: { traceId, url } }: { readonly trace: components["schemas"]["TraceOut"] }) {
  if (url === null) return <Copyable text={traceId} />;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <code>{traceId.slice(0, 16)}…</code>
    </a>
  );
}
