/** The trace of a message or attempt, as API fields. */
import type { Static } from "typebox";
import type { Context } from "../domain/context.ts";
import { parseTraceContext } from "../lib/trace-context.ts";
import type { TraceOut } from "./models/trace.ts";

/** @param attemptKey Key of the attempt whose span it is about; `null`: that of the publish. */
export function traceFields(
  { actor, services }: Context,
  stored: string | null | undefined,
  attemptKey: number | null = null,
): { readonly trace?: Static<typeof TraceOut> } {
  // Customers must not see how the systems of the organisation are connected.
  if (actor.kind !== "organisation" || stored === null || stored === undefined) return {};
  const context = parseTraceContext(stored);
  const { traceId } = context;
  const spanId = attemptKey === null ? context.spanId : attemptKey.toString(16).padStart(16, "0");
  const { traceUrl } = services.rules;
  const url = traceUrl === "" ? null : traceUrl.replaceAll("{traceId}", traceId).replaceAll("{spanId}", spanId);
  return { trace: { traceId, spanId, url } };
}
