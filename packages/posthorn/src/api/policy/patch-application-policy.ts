import { setApplicationPolicy as setVerb } from "../../domain/policy/set.ts";
import { PolicyOut, PolicyPatch } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchApplicationPolicy = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/policy",
  operationId: "v1.application.patch-policy",
  tag: "Policy",
  summary: "Update the delivery policy of an application",
  description: "Changes only the given values. A null value removes one, so that the default applies.",
  access: "organisation",
  permission: "settings:write",
  body: PolicyPatch,
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params, body }) =>
    ok(await setVerb({ ctx, input: { app: params.app_id, policy: body, change: true } })),
});
