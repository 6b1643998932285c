import { testAlertRule as testVerb } from "../../domain/alert/save.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const testAlertRule = defineRoute({
  method: "POST",
  path: "/api/v1/alert-rule/:alert_rule_id/test",
  operationId: "v1.alert-rule.test",
  tag: "Alert",
  summary: "Test an alert rule",
  description: "Sends a test message to the targets of the rule.",
  access: "organisation",
  permission: "settings:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await testVerb({ ctx, input: { rule: params.alert_rule_id } });
    return noContent();
  },
});
