import { resumeDeliveries as resumeDeliveriesVerb } from "../../domain/delivery-pause/resume.ts";
import { DeliveryPauseOut } from "../models/delivery-pause.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { deliveryPauseOut } from "./wire.ts";

export const resumeDeliveries = defineRoute({
  method: "POST",
  path: "/api/v1/delivery-pause/resume",
  operationId: "v1.delivery-pause.resume",
  tag: "Cluster",
  summary: "Resume deliveries after a restore",
  description:
    "Starts all deliveries that were pending in the backup or were accepted since, on all nodes. Those that were made after the backup are made again with the same `webhook-id`. Only the first organisation of the server may call this. Returns 409 if deliveries are not paused.",
  access: "organisation",
  permission: "settings:write",
  responses: { 200: DeliveryPauseOut },
  handle: async ({ ctx }) => {
    await resumeDeliveriesVerb({ ctx, input: null });
    return ok(deliveryPauseOut(null));
  },
});
