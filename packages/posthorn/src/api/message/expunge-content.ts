import { expungeMessageContent as expungeVerb } from "../../domain/message/expunge.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const expungeMessageContent = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/msg/:msg_id/content",
  operationId: "v1.message.expunge-content",
  tag: "Message",
  summary: "Delete the payload of a message",
  description:
    "Permanently deletes the payload. The message and its attempts stay visible, but the message cannot be sent again.",
  access: "organisation",
  permission: "messages:delete",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await expungeVerb({ ctx, input: { app: params.app_id, message: params.msg_id } });
    return noContent();
  },
});
