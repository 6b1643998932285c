import { getDestination as getVerb } from "../../domain/destination/destination.ts";
import { DestinationOut } from "../models/destination.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { destinationOut } from "./wire.ts";

export const getDestination = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/destination/:destination_id",
  operationId: "v1.destination.get",
  tag: "Destination",
  summary: "Get a destination",
  description: "The configuration is returned without its secrets.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: DestinationOut },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.destination_id };
    return ok(destinationOut(await getVerb({ ctx, input })));
  },
});
