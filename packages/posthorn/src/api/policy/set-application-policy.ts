import { setApplicationPolicy as setVerb } from "../../domain/policy/set.ts";
import { PolicyIn, PolicyOut } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setApplicationPolicy = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/policy",
  operationId: "v1.application.set-policy",
  tag: "Policy",
  summary: "Replace the delivery policy of an application",
  description: "Values that the request does not contain are removed, so that their defaults apply.",
  access: "organisation",
  permission: "settings:write",
  body: PolicyIn,
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params, body }) =>
    ok(await setVerb({ ctx, input: { app: params.app_id, policy: body, change: false } })),
});
