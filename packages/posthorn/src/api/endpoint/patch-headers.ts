import { patchHeaders as patchVerb } from "../../domain/endpoint/headers.ts";
import { EndpointHeadersPatchIn } from "../models/endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchHeaders = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/headers",
  operationId: "v1.endpoint.patch-headers",
  tag: "Endpoint",
  summary: "Update custom headers of an endpoint",
  description: "Sets the given headers and keeps the others. A null value removes a header.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointHeadersPatchIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const input = {
      app: params.app_id,
      endpoint: params.endpoint_id,
      headers: body.headers,
      deleteHeaders: body.deleteHeaders ?? [],
    };
    await patchVerb({ ctx, input });
    return noContent();
  },
});
