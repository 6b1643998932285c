import { deleteSource as deleteVerb } from "../../domain/source/delete.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteSource = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id",
  operationId: "v1.ingest.source.delete",
  tag: "Ingest",
  summary: "Delete a source",
  description: "Its URL stops working at once. Its endpoints and quarantined requests are deleted too.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { ref: params.source_id } });
    return noContent();
  },
});
