import { patchDestination as patchVerb } from "../../domain/destination/save.ts";
import { DestinationOut, DestinationPatch } from "../models/destination.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { destinationChange, destinationOut } from "./wire.ts";

export const patchDestination = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/destination/:destination_id",
  operationId: "v1.destination.patch",
  tag: "Destination",
  summary: "Update a destination",
  description: "Changes only the fields in the request. The type cannot be changed.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: DestinationPatch,
  responses: { 200: DestinationOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.destination_id, change: destinationChange(body) };
    return ok(destinationOut(await patchVerb({ ctx, input })));
  },
});
