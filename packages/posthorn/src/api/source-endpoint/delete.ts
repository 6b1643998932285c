import { deleteEndpoint } from "../../domain/endpoint/delete.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteSourceEndpoint = defineRoute({
  method: "DELETE",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id",
  operationId: "v1.ingest.endpoint.delete",
  tag: "Ingest",
  summary: "Delete an endpoint of a source",
  description: "Its pending deliveries are canceled.",
  access: "organisation",
  permission: "sources:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    await deleteEndpoint({ ctx: scope.ctx, input: { app: scope.app, endpoint: params.endpoint_id } });
    return noContent();
  },
});
