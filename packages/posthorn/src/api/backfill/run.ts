import { startReconciliation } from "../../domain/backfill/run.ts";
import { ReconcileRunIn, ReconcileRunOut } from "../models/catalogue.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { reconcileRunOut } from "./wire.ts";

export const runReconciliation = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/reconcile/run",
  operationId: "v1.ingest.reconcile.run",
  tag: "Reconcile",
  summary: "Ask the provider what was missed, and get it",
  description: "Goes on after the answer. Without `since` it begins where the last run ended.",
  access: "organisation",
  body: ReconcileRunIn,
  responses: { 202: ReconcileRunOut },
  handle: async ({ ctx, params, body }) => {
    const { since = null, until = null, dryRun = false } = body;
    const input = { source: params.source_id, since: timeOf(since), until: timeOf(until), dryRun };
    return accepted(reconcileRunOut(await startReconciliation({ ctx, input })));
  },
});

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
