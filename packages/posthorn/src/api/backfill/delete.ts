import { deleteBackfillSettings as deleteVerb } from "../../domain/backfill/settings.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteBackfillSettings = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/backfill",
  operationId: "v1.ingest.backfill.delete",
  tag: "Backfill",
  summary: "Turn off backfill for a source",
  description: "Deletes the stored token. A run in progress fails.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { source: params.source_id } });
    return noContent();
  },
});
