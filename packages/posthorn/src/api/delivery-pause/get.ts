import { getDeliveryPause as getDeliveryPauseVerb } from "../../domain/delivery-pause/get.ts";
import { DeliveryPauseOut } from "../models/delivery-pause.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { deliveryPauseOut } from "./wire.ts";

export const getDeliveryPause = defineRoute({
  method: "GET",
  path: "/api/v1/delivery-pause",
  operationId: "v1.delivery-pause.get",
  tag: "Cluster",
  summary: "Check whether deliveries are paused",
  description:
    "Covers the whole server. After a restore from a backup, the server accepts messages and sends nothing until an operator resumes deliveries.",
  access: "organisation",
  permission: "read",
  responses: { 200: DeliveryPauseOut },
  handle: async ({ ctx }) => ok(deliveryPauseOut(await getDeliveryPauseVerb({ ctx, input: null }))),
});
