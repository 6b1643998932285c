import { createDestination as createVerb } from "../../domain/destination/save.ts";
import { DestinationIn, DestinationOut } from "../models/destination.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { destinationInput, destinationOut } from "./wire.ts";

export const createDestination = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/destination",
  operationId: "v1.destination.create",
  tag: "Destination",
  summary: "Create a destination",
  description: "Creates an endpoint of the kind that corresponds to `type`, which receives its messages in order.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: DestinationIn,
  responses: { 201: DestinationOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, fields: destinationInput(body) };
    return created(destinationOut(await createVerb({ ctx, input })));
  },
});
