import { getEndpoint as getVerb } from "../../domain/endpoint/find.ts";
import { EndpointOut } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointOut } from "../wire.ts";

export const getEndpoint = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id",
  operationId: "v1.endpoint.get",
  tag: "Endpoint",
  summary: "Get an endpoint",
  description: "Finds the endpoint by its ID or UID. Secrets are not returned.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointOut },
  handle: async ({ ctx, params }) => {
    const { endpoint } = await getVerb(ctx, { app: params.app_id, endpoint: params.endpoint_id });
    return ok(endpointOut(endpoint));
  },
});
