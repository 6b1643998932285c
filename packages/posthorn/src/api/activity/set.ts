import { setActivity as setVerb } from "../../domain/activity/settings.ts";
import { SourceActivityIn, SourceActivityOut } from "../models/source-activity.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { activityOut, ruleOf } from "./wire.ts";

export const setActivity = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/activity",
  operationId: "v1.ingest.activity.update",
  tag: "Activity",
  summary: "Set when a source counts as inactive",
  description:
    "An inactive source is listed on the dashboard, and Posthorn sends the operational webhook `source.inactive`.",
  access: "organisation",
  permission: "sources:write",
  body: SourceActivityIn,
  responses: { 200: SourceActivityOut },
  handle: async ({ ctx, params, body }) =>
    ok(activityOut(await setVerb({ ctx, input: { source: params.source_id, rule: ruleOf(body) } }))),
});
