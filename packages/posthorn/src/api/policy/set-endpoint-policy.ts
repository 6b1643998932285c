import { setEndpointPolicy as setVerb } from "../../domain/policy/set.ts";
import { PolicyIn, PolicyOut } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setEndpointPolicy = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/policy",
  operationId: "v1.endpoint.set-policy",
  tag: "Policy",
  summary: "Replace how deliveries to an endpoint are made",
  description: "With a token of the application, sections that are the organisation's stay as they are.",
  access: "ManageEndpoint",
  body: PolicyIn,
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, policy: body, change: false };
    return ok(await setVerb({ ctx, input }));
  },
});
