import { Type } from "typebox";
import { seriesOf } from "../../domain/stats/query.ts";
import { OfApplicationQuery, SeriesStepQuery, StatsRangeQuery, StatsSeriesOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { seriesOut, statsRange } from "./wire.ts";

export const statsSeries = defineRoute({
  method: "GET",
  path: "/api/v1/stats/series",
  operationId: "v1.statistics.series",
  tag: "Statistics",
  summary: "Get statistics over time",
  description: "Counts per minute, hour or day, of all applications or of one.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({ ...OfApplicationQuery, ...StatsRangeQuery, ...SeriesStepQuery }),
  responses: { 200: StatsSeriesOut },
  handle: async ({ ctx, query }) => {
    const step = query.step ?? "hour";
    return ok(seriesOut(await seriesOf({ ctx, input: { ...statsRange(query), step } }), step));
  },
});
