import { expungeAllContents as expungeAllVerb } from "../../domain/message/expunge-all.ts";
import { ExpungeAllContentsOut } from "../models/task.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const expungeAllContents = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/expunge-all-contents",
  operationId: "v1.message.expunge-all-contents",
  tag: "Message",
  summary: "Delete the contents of all messages",
  description:
    "Permanently deletes the payloads and stored responses of every message published until now. Runs in the background. Pending deliveries of these messages are canceled.",
  access: "organisation",
  permission: "messages:delete",
  responses: { 202: ExpungeAllContentsOut },
  handle: async ({ ctx, params }) => accepted(taskOut(await expungeAllVerb({ ctx, input: { app: params.app_id } }))),
});
