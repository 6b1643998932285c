import { createAlertRule as createVerb } from "../../domain/alert/save.ts";
import { AlertRuleIn, AlertRuleOut } from "../models/alert.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { alertRuleOut } from "./wire.ts";

export const createAlertRule = defineRoute({
  method: "POST",
  path: "/api/v1/alert-rule",
  operationId: "v1.alert-rule.create",
  tag: "Alert",
  summary: "Create an alert rule",
  description: "The rule is evaluated every 30 seconds.",
  access: "organisation",
  permission: "settings:write",
  body: AlertRuleIn,
  responses: { 201: AlertRuleOut },
  handle: async ({ ctx, body }) => {
    const { params = {}, quietHours = null, digest, enabled = true, ...fields } = body;
    const input = { ...fields, params, quietHours, digest: digest ?? ("off" as const), enabled };
    return created(alertRuleOut(await createVerb({ ctx, input })));
  },
});
