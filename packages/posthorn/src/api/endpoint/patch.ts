import { patchEndpoint as patchVerb } from "../../domain/endpoint/update.ts";
import { endpointChanges } from "../inputs.ts";
import { EndpointOut, EndpointPatch } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointOut } from "../wire.ts";

export const patchEndpoint = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id",
  operationId: "v1.endpoint.patch",
  tag: "Endpoint",
  summary: "Update an endpoint",
  description: "Enabling an endpoint again sends the deliveries that were on hold while it was disabled.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointPatch,
  responses: { 200: EndpointOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, changes: endpointChanges(body) };
    return ok(endpointOut(await patchVerb({ ctx, input })));
  },
});
