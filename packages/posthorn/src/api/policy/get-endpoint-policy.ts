import { getEndpointPolicy as getVerb } from "../../domain/policy/get.ts";
import { PolicyOut } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getEndpointPolicy = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/policy",
  operationId: "v1.endpoint.get-policy",
  tag: "Policy",
  summary: "Get the delivery policy of an endpoint",
  description: "Returns the values set for the endpoint, and the effective values.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params }) =>
    ok(await getVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } })),
});
