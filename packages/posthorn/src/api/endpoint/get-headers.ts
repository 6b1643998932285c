import { getHeaders as getVerb } from "../../domain/endpoint/headers.ts";
import { EndpointHeadersOut } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getHeaders = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/headers",
  operationId: "v1.endpoint.get-headers",
  tag: "Endpoint",
  summary: "Get the custom headers of an endpoint",
  description: "Values of headers that carry credentials are not returned; their names are listed in `sensitive`.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointHeadersOut },
  handle: async ({ ctx, params }) =>
    ok(await getVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } })),
});
