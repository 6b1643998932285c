import { setEndpointPolicy as setVerb } from "../../domain/policy/set.ts";
import { PolicyIn, PolicyOut } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setEndpointPolicy = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/policy",
  operationId: "v1.endpoint.set-policy",
  tag: "Policy",
  summary: "Replace the delivery policy of an endpoint",
  description: "With an application token, the sections that only the organisation can set are kept.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: PolicyIn,
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, policy: body, change: false };
    return ok(await setVerb({ ctx, input }));
  },
});
