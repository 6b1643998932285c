import { Type } from "typebox";
import { summarise } from "../../domain/stats/query.ts";
import { OfEndpointQuery, StatsRangeQuery, StatsSummaryOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { summaryOut, statsRange } from "./wire.ts";

export const applicationStatsSummary = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/stats/summary",
  operationId: "v1.statistics.summary-of-application",
  tag: "Statistics",
  summary: "Get a statistics summary of an application",
  description: "Counts messages, attempts and deliveries of one application in a period.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...OfEndpointQuery, ...StatsRangeQuery }),
  responses: { 200: StatsSummaryOut },
  handle: async ({ ctx, params, query }) =>
    ok(summaryOut(await summarise({ ctx, input: { ...statsRange(query, params.app_id), step: "hour" } }))),
});
