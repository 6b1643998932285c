import { getEgress as getVerb } from "../../domain/endpoint/get-egress.ts";
import { EndpointEgressOut } from "../models/endpoint-egress.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { egressOut } from "../wire.ts";

export const getEgress = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/egress",
  operationId: "v1.endpoint.get-egress",
  tag: "Endpoint",
  summary: "Get the credentials, TLS settings and proxy of an endpoint",
  description: "Secrets are never returned.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointEgressOut },
  handle: async ({ ctx, params }) =>
    ok(egressOut(await getVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } }))),
});
