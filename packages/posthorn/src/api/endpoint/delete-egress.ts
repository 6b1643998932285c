import { deleteEgress as deleteVerb } from "../../domain/endpoint/set-egress.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteEgress = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/egress",
  operationId: "v1.endpoint.delete-egress",
  tag: "Endpoint",
  summary: "Remove the credentials, TLS settings and proxy of an endpoint",
  description: "With an application token, the proxy is kept.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } });
    return noContent();
  },
});
