import { getAlertRule as getVerb } from "../../domain/alert/save.ts";
import { AlertRuleOut } from "../models/alert.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { alertRuleOut } from "./wire.ts";

export const getAlertRule = defineRoute({
  method: "GET",
  path: "/api/v1/alert-rule/:alert_rule_id",
  operationId: "v1.alert-rule.get",
  tag: "Alert",
  summary: "Get an alert rule",
  description: "Returns its condition, thresholds and targets.",
  access: "organisation",
  permission: "read",
  responses: { 200: AlertRuleOut },
  handle: async ({ ctx, params }) => ok(alertRuleOut(await getVerb({ ctx, input: { rule: params.alert_rule_id } }))),
});
