import { upsertEndpoint as upsertVerb } from "../../domain/endpoint/update.ts";
import { endpointInput } from "../inputs.ts";
import { EndpointOut, EndpointUpsertIn } from "../models/endpoint.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointOut } from "../wire.ts";

export const upsertEndpoint = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id",
  operationId: "v1.endpoint.update",
  tag: "Endpoint",
  summary: "Replace or create an endpoint",
  description:
    "Omitted fields are reset to their defaults; secret and headers are kept. If no endpoint has this id or uid, a new one is created.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointUpsertIn,
  responses: { 200: EndpointOut, 201: EndpointOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, fields: endpointInput(body) };
    const result = await upsertVerb({ ctx, input });
    const out = endpointOut(result.endpoint);
    return result.created ? created(out) : ok(out);
  },
});
