import { messageStats as statsVerb } from "../../domain/delivery/stats.ts";
import { MessageStats } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const messageStats = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/stats",
  operationId: "v1.message.get-stats",
  tag: "Message",
  summary: "Get the delivery counts of a message",
  description: "Counts the deliveries of the message by their state.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: MessageStats },
  handle: async ({ ctx, params }) =>
    ok(await statsVerb({ ctx, input: { app: params.app_id, message: params.msg_id } })),
});
