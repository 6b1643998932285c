import { cancelMessage as cancelVerb } from "../../domain/delivery/cancel.ts";
import { CancelOut } from "../models/message.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const cancelMessageAtEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/:msg_id/endpoint/:endpoint_id/cancel",
  operationId: "v1.message.cancel-at-endpoint",
  tag: "Message",
  summary: "Cancel the delivery of a message to one endpoint",
  description: "Works like the operation that cancels all deliveries of a message.",
  access: "CreateAttempts",
  permission: "messages:delete",
  responses: { 200: CancelOut },
  handle: async ({ ctx, params: { app_id: app, msg_id: message, endpoint_id: endpoint } }) =>
    ok({ canceled: await cancelVerb({ ctx, input: { app, message, endpoint } }) }),
});
