import { statsNow as statsNowVerb } from "../../domain/stats/now.ts";
import { StatsNowOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { nowOut } from "./wire.ts";

export const statsNow = defineRoute({
  method: "GET",
  path: "/api/v1/stats/now",
  operationId: "v1.statistics.now",
  tag: "Statistics",
  summary: "Get the queues and the endpoints that need attention",
  description: "Returns the current queues, and the endpoints that are failing, paused or disabled.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: StatsNowOut },
  handle: async ({ ctx }) => ok(nowOut(await statsNowVerb({ ctx, input: null }))),
});
