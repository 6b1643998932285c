import { deleteAlertRule as deleteVerb } from "../../domain/alert/save.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteAlertRule = defineRoute({
  method: "DELETE",
  path: "/api/v1/alert-rule/:alert_rule_id",
  operationId: "v1.alert-rule.delete",
  tag: "Alert",
  summary: "Delete an alert rule",
  description: "Its alerts are deleted too, without a message.",
  access: "organisation",
  permission: "settings:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { rule: params.alert_rule_id } });
    return noContent();
  },
});
