import { deleteSecret as deleteVerb } from "../../domain/source/secret.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteSourceSecret = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/secret/:secret_id",
  operationId: "v1.ingest.source.delete-secret",
  tag: "Ingest",
  summary: "Delete a secret of a source",
  description: "Requests signed with it fail verification from then on.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { source: params.source_id, secret: params.secret_id } });
    return noContent();
  },
});
