import { Type } from "typebox";
import { listDestinations as listVerb } from "../../domain/destination/destination.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { DestinationList } from "../models/destination.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { destinationOut } from "./wire.ts";

export const listDestinations = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/destination",
  operationId: "v1.destination.list",
  tag: "Destination",
  summary: "List destinations",
  description: "Endpoints of kinds that have a destination type, and webhooks with ordered delivery.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...PageQuery, ...OrderQuery }),
  responses: { 200: DestinationList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id, order: query.order ?? "descending" };
    return list(await listVerb({ ctx, input }), ({ endpoint }) => endpoint.id, destinationOut);
  },
});
