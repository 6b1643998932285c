import { Type } from "typebox";
import { endpointStats as statsVerb } from "../../domain/delivery/stats.ts";
import { EndpointStats, StatsQuery } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { toMs } from "../wire.ts";

export const endpointStats = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/stats",
  operationId: "v1.endpoint.get-stats",
  tag: "Endpoint",
  summary: "Get statistics of an endpoint",
  description: "Covers up to 28 days; by default the last 28 days.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(StatsQuery),
  responses: { 200: EndpointStats },
  handle: async ({ ctx, params, query }) => {
    const input = {
      app: params.app_id,
      endpoint: params.endpoint_id,
      since: toMs(query.since),
      until: toMs(query.until),
    };
    return ok(await statsVerb({ ctx, input }));
  },
});
