import { createEndpoint } from "../../domain/endpoint/create.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { endpointInput } from "../inputs.ts";
import { IngestEndpointIn, IngestEndpointOut } from "../models/source-endpoint.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const createSourceEndpoint = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/endpoint",
  operationId: "v1.ingest.endpoint.create",
  tag: "Ingest",
  summary: "Create an endpoint of a source",
  description:
    "Posthorn forwards the events of the source to it, with the original bytes and an additional Posthorn signature.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointIn,
  responses: { 201: IngestEndpointOut },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const { secret = null, headers } = body;
    const input = { ...endpointInput(body), app: scope.app, secret, headers: headers ?? {} };
    return created(operationalEndpointOut(await createEndpoint({ ctx: scope.ctx, input })));
  },
});
