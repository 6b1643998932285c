import { upsertDestination as upsertVerb } from "../../domain/destination/save.ts";
import { DestinationIn, DestinationOut } from "../models/destination.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { destinationInput, destinationOut } from "./wire.ts";

export const upsertDestination = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/destination/:destination_id",
  operationId: "v1.destination.upsert",
  tag: "Destination",
  summary: "Replace or create a destination",
  description: "Omitted secrets are kept. If no destination has this ID or uid, a new one is created.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: DestinationIn,
  responses: { 200: DestinationOut, 201: DestinationOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.destination_id, fields: destinationInput(body) };
    const { destination, created: isNew } = await upsertVerb({ ctx, input });
    const out = destinationOut(destination);
    return isNew ? created(out) : ok(out);
  },
});
