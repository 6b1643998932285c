import { getActivity as getVerb } from "../../domain/activity/settings.ts";
import { SourceActivityOut } from "../models/source-activity.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { activityOut } from "./wire.ts";

export const getActivity = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/activity",
  operationId: "v1.ingest.activity.get",
  tag: "Activity",
  summary: "Get the activity of a source",
  description: "When the source usually receives events, when it last did, and whether it is inactive.",
  access: "organisation",
  permission: "read",
  responses: { 200: SourceActivityOut },
  handle: async ({ ctx, params }) => ok(activityOut(await getVerb({ ctx, input: { source: params.source_id } }))),
});
