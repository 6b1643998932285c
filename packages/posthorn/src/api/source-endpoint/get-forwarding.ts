import { getForwarding as getVerb } from "../../domain/endpoint/set-forwarding.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointForwarding } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getForwarding = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/forwarding",
  operationId: "v1.ingest.endpoint.get-forwarding",
  tag: "Ingest",
  summary: "Get the forwarding settings of an endpoint of a source",
  description: "Returns whether the method, path and query of received requests are forwarded.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestEndpointForwarding },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    return ok(await getVerb({ ctx: scope.ctx, input: { app: scope.app, endpoint: params.endpoint_id } }));
  },
});
