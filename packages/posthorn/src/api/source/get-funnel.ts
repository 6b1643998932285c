import { Type } from "typebox";
import { getFunnel as getVerb } from "../../domain/funnel/get.ts";
import { IngestFunnelOut } from "../models/source-event.ts";
import { StatsRangeQuery } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, toMs } from "../wire.ts";

export const getFunnel = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/funnel",
  operationId: "v1.ingest.source.funnel",
  tag: "Ingest",
  summary: "Get the funnel of a source",
  description:
    "Counts the results of the requests and events of a source in a period of whole hours, up to 31 days back. Counts are updated within a few seconds. Requests that a limit or the HTTP method refused are not counted.",
  access: "organisation",
  permission: "read",
  query: Type.Object(StatsRangeQuery),
  responses: { 200: IngestFunnelOut },
  handle: async ({ ctx, params, query }) => {
    const range = { since: toMs(query.since), until: toMs(query.until) };
    const { since, until, ...counts } = await getVerb({ ctx, input: { source: params.source_id, ...range } });
    return ok({ since: dateTime(since), until: dateTime(until), ...counts });
  },
});
