import { Type } from "typebox";
import { endpointStats } from "../../domain/delivery/stats.ts";
import { EndpointAttemptStats, StatsQuery } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { toMs } from "../wire.ts";

export const attemptStats = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/attempt-stats",
  operationId: "v1.endpoint.get-attempt-stats",
  tag: "Endpoint",
  summary: "Count the attempts of an endpoint",
  description: "Covers up to 28 days; by default the last 28 days.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(StatsQuery),
  responses: { 200: EndpointAttemptStats },
  handle: async ({ ctx, params, query }) => {
    const { app_id: app, endpoint_id: endpoint } = params;
    const input = { app, endpoint, since: toMs(query.since), until: toMs(query.until) };
    const { success, fail, canceled } = await endpointStats({ ctx, input });
    return ok({ success, fail, canceled });
  },
});
