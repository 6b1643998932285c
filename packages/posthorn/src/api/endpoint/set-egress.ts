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
  summary: "Set credentials, TLS settings and proxy of an endpoint",
  description:
    "A part that is left out stays; null removes it. The proxy needs a token of the organisation, and a host that POSTHORN_EGRESS_ALLOW or POSTHORN_EGRESS_TENANT_ALLOW covers: any other is refused with `egress_not_allowed`.",
  access: "ManageEndpoint",
  body: EndpointEgressIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, ...egressInput(body) } });
    return noContent();
  },
});
