import { cancelMessage as cancelVerb } from "../../domain/delivery/cancel.ts";
import { CancelOut } from "../models/message.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const cancelMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/:msg_id/cancel",
  operationId: "v1.message.cancel",
  tag: "Message",
  summary: "Cancel the pending deliveries of a message",
  description:
    "Cancels the deliveries to all endpoints that are scheduled, waiting for a retry or on hold. An attempt in progress is not interrupted; if it succeeds, the delivery has succeeded.",
  access: "organisation",
  permission: "messages:delete",
  responses: { 200: CancelOut },
  handle: async ({ ctx, params }) =>
    ok({ canceled: await cancelVerb({ ctx, input: { app: params.app_id, message: params.msg_id, endpoint: null } }) }),
});
