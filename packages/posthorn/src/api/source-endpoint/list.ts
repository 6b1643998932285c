import { Type } from "typebox";
import { listEndpoints } from "../../domain/endpoint/list.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { IngestEndpointList } from "../models/source-endpoint.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const listSourceEndpoints = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint",
  operationId: "v1.ingest.endpoint.list",
  tag: "Ingest",
  summary: "List the endpoints of a source",
  description: "Pages through the endpoints that receive the events of the source.",
  access: "organisation",
  permission: "read",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: IngestEndpointList },
  handle: async ({ ctx, params, query }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { ...pageOf(query), app: scope.app, order: query.order ?? "descending" };
    return list(await listEndpoints({ ctx: scope.ctx, input }), (row) => row.id, operationalEndpointOut);
  },
});
