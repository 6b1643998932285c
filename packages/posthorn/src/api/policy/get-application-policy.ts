import { getApplicationPolicy as getVerb } from "../../domain/policy/get.ts";
import { PolicyOut } from "../models/policy/policy.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getApplicationPolicy = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/policy",
  operationId: "v1.application.get-policy",
  tag: "Policy",
  summary: "Get the delivery policy of an application",
  description: "Returns the values set for the application, and the effective values.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: PolicyOut },
  handle: async ({ ctx, params }) => ok(await getVerb({ ctx, input: { app: params.app_id } })),
});
