import { getMatching as getVerb } from "../../domain/message/matching.ts";
import { MessageMatchingOut } from "../models/filter.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const messageMatching = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/matching",
  operationId: "v1.message.get-matching",
  tag: "Message",
  summary: "Explain which endpoints a message matched",
  description: "Reports the decision made when the message was accepted.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: MessageMatchingOut },
  audit: "view",
  handle: async ({ ctx, params }) => ok(await getVerb({ ctx, input: { app: params.app_id, message: params.msg_id } })),
});
