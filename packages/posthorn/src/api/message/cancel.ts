import { cancelMessage as cancelVerb } from "../../domain/delivery/cancel.ts";
import { CancelOut } from "../models/message.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const cancelMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/:msg_id/cancel",
  operationId: "v1.message.cancel",
  tag: "Message",
  summary: "Cancel what is still to be delivered",
  description:
    "At every endpoint: what is scheduled, waits for a retry or is held. An attempt under way is not broken off; when it succeeds, so has its delivery.",
  access: "organisation",
  responses: { 200: CancelOut },
  handle: async ({ ctx, params }) =>
    ok({ canceled: await cancelVerb({ ctx, input: { app: params.app_id, message: params.msg_id, endpoint: null } }) }),
});
