import { setForwarding as setVerb } from "../../domain/endpoint/set-forwarding.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointForwarding } from "../models/source-endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setForwarding = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/forwarding",
  operationId: "v1.ingest.endpoint.set-forwarding",
  tag: "Ingest",
  summary: "Set the forwarding settings of an endpoint of a source",
  description: "Omitted settings are turned off.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointForwarding,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const { method = false, path = false, query = false } = body;
    const input = { app: scope.app, endpoint: params.endpoint_id, forwarding: { method, path, query } };
    await setVerb({ ctx: scope.ctx, input });
    return noContent();
  },
});
