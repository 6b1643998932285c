import { upsertEndpoint } from "../../domain/endpoint/update.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { endpointInput } from "../inputs.ts";
import { IngestEndpointOut, IngestEndpointUpsertIn } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const upsertSourceEndpoint = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id",
  operationId: "v1.ingest.endpoint.update",
  tag: "Ingest",
  summary: "Create or replace an endpoint of a source",
  description: "Omitted fields are reset to their defaults. Secret and headers do not change.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointUpsertIn,
  responses: { 200: IngestEndpointOut },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { app: scope.app, endpoint: params.endpoint_id, fields: endpointInput(body) };
    const { endpoint } = await upsertEndpoint({ ctx: scope.ctx, input });
    return ok(operationalEndpointOut(endpoint));
  },
});
