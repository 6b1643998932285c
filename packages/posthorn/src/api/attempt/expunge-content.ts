import { expungeAttemptContent as expungeVerb } from "../../domain/attempt/expunge.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const expungeAttemptContent = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/msg/:msg_id/attempt/:attempt_id/content",
  operationId: "v1.message-attempt.expunge-content",
  tag: "Message Attempt",
  summary: "Delete the response body of an attempt",
  description: "The attempt itself, its status and its times are kept.",
  access: "organisation",
  permission: "messages:delete",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await expungeVerb({ ctx, input: { app: params.app_id, message: params.msg_id, attempt: params.attempt_id } });
    return noContent();
  },
});
