import { deleteQuarantined as deleteVerb } from "../../domain/quarantine/release.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteQuarantined = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/quarantine/:request_id",
  operationId: "v1.ingest.quarantine.delete",
  tag: "Ingest",
  summary: "Delete a quarantined request",
  description: "The request cannot be released afterwards.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { source: params.source_id, request: params.request_id } });
    return noContent();
  },
});
