import { Type } from "typebox";
import { summarise } from "../../domain/stats/query.ts";
import { OfApplicationQuery, StatsRangeQuery, StatsSummaryOut, SummaryStepQuery } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { summaryOut, statsRange } from "./wire.ts";

export const statsSummary = defineRoute({
  method: "GET",
  path: "/api/v1/stats/summary",
  operationId: "v1.statistics.summary",
  tag: "Statistics",
  summary: "Get a statistics summary",
  description: "Counts messages, attempts and deliveries in a period, of all applications or of one.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({ ...OfApplicationQuery, ...StatsRangeQuery, ...SummaryStepQuery }),
  responses: { 200: StatsSummaryOut },
  handle: async ({ ctx, query }) =>
    ok(summaryOut(await summarise({ ctx, input: { ...statsRange(query), step: query.step ?? "hour" } }))),
});
