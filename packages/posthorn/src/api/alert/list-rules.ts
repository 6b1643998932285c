import { Type } from "typebox";
import { listAlertRules as listVerb } from "../../domain/alert/save.ts";
import { pageOf } from "../inputs.ts";
import { AlertRuleList } from "../models/alert.ts";
import { PageQuery } from "../models/common.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { alertRuleOut } from "./wire.ts";

export const listAlertRules = defineRoute({
  method: "GET",
  path: "/api/v1/alert-rule",
  operationId: "v1.alert-rule.list",
  tag: "Alert",
  summary: "List alert rules",
  description: "Newest first.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: AlertRuleList },
  handle: async ({ ctx, query }) => {
    const page = await listVerb({ ctx, input: pageOf(query) });
    return list(page, ({ id }) => id, alertRuleOut);
  },
});
