import { Type } from "typebox";
import { seriesOf } from "../../domain/stats/query.ts";
import { OfEndpointQuery, StatsRangeQuery, StatsSeriesOut, StepQuery } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { seriesOut, statsRange } from "./wire.ts";

export const applicationStatsSeries = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/stats/series",
  operationId: "v1.statistics.series-of-application",
  tag: "Statistics",
  summary: "Get statistics of an application over time",
  description: "Counts of one application per minute, hour or day.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...OfEndpointQuery, ...StatsRangeQuery, ...StepQuery }),
  responses: { 200: StatsSeriesOut },
  handle: async ({ ctx, params, query }) => {
    const step = query.step ?? "hour";
    return ok(seriesOut(await seriesOf({ ctx, input: { ...statsRange(query, params.app_id), step } }), step));
  },
});
