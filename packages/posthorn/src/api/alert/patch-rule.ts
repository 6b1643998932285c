import { patchAlertRule as patchVerb } from "../../domain/alert/save.ts";
import { AlertRuleOut, AlertRulePatch } from "../models/alert.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { alertRuleOut } from "./wire.ts";

export const patchAlertRule = defineRoute({
  method: "PATCH",
  path: "/api/v1/alert-rule/:alert_rule_id",
  operationId: "v1.alert-rule.patch",
  tag: "Alert",
  summary: "Change an alert rule",
  description:
    "Changing the kind or the targets, or setting `enabled: false`, deletes its alerts. Alerts whose condition is still true are raised again.",
  access: "organisation",
  permission: "settings:write",
  body: AlertRulePatch,
  responses: { 200: AlertRuleOut },
  handle: async ({ ctx, params, body }) =>
    ok(alertRuleOut(await patchVerb({ ctx, input: { rule: params.alert_rule_id, change: body } }))),
});
