import { listAlerts as listVerb } from "../../domain/alert/list.ts";
import { AlertListOut } from "../models/alert.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { alertOut } from "./wire.ts";

export const listAlerts = defineRoute({
  method: "GET",
  path: "/api/v1/alert",
  operationId: "v1.alert.list",
  tag: "Alert",
  summary: "List alerts",
  description: "Lists the unresolved alerts of all rules.",
  access: "organisation",
  permission: "read",
  responses: { 200: AlertListOut },
  handle: async ({ ctx }) => ok({ data: (await listVerb({ ctx, input: null })).map(alertOut) }),
});
