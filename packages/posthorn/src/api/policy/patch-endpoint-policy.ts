import { setEndpointPolicy as setVerb } from "../../domain/policy/set.ts";
import { PolicyOut, PolicyPatch } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchEndpointPolicy = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/policy",
  operationId: "v1.endpoint.patch-policy",
  tag: "Policy",
  summary: "Update the delivery policy of an endpoint",
  description: "Changes only the given values. A null value removes one, so that the application's value applies.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: PolicyPatch,
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, policy: body, change: true };
    return ok(await setVerb({ ctx, input }));
  },
});
