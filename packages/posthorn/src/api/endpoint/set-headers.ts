import { setHeaders as setVerb } from "../../domain/endpoint/headers.ts";
import { EndpointHeadersIn } from "../models/endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setHeaders = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/headers",
  operationId: "v1.endpoint.update-headers",
  tag: "Endpoint",
  summary: "Replace the custom headers of an endpoint",
  description: "Removes all headers that the request does not contain.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointHeadersIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, headers: body.headers } });
    return noContent();
  },
});
