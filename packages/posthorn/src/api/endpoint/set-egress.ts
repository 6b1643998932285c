import { setEgress as setVerb } from "../../domain/endpoint/set-egress.ts";
import { egressInput } from "../inputs.ts";
import { EndpointEgressIn } from "../models/endpoint-egress.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setEgress = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/egress",
  operationId: "v1.endpoint.set-egress",
  tag: "Endpoint",
  summary: "Set the credentials, TLS settings and proxy of an endpoint",
  description:
    "Omitted parts are kept; null removes a part. The proxy requires an organisation token, and a host that POSTHORN_EGRESS_ALLOW or POSTHORN_EGRESS_TENANT_ALLOW covers. Other hosts are refused with `egress_not_allowed`.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointEgressIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, ...egressInput(body) } });
    return noContent();
  },
});
