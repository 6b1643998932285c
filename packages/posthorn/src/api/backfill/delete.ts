import { deleteReconciliation as deleteVerb } from "../../domain/backfill/settings.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteReconciliation = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/reconcile",
  operationId: "v1.ingest.reconcile.delete",
  tag: "Reconcile",
  summary: "Compare a source with its provider no more",
  description: "Deletes the token. A run that is under way ends as failed.",
  access: "organisation",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { source: params.source_id } });
    return noContent();
  },
});
