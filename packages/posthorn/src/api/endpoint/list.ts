import { Type } from "typebox";
import { listEndpoints as listVerb } from "../../domain/endpoint/list.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { EndpointList } from "../models/endpoint.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointOut } from "../wire.ts";

export const listEndpoints = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint",
  operationId: "v1.endpoint.list",
  tag: "Endpoint",
  summary: "List endpoints",
  description: "Pages through the endpoints in the order of their creation, or the reverse.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: EndpointList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id, order: query.order ?? "descending" };
    return list(await listVerb({ ctx, input }), (row) => row.id, endpointOut);
  },
});
