import { startBroadcast } from "../../domain/broadcast/start.ts";
import { publicationOf } from "../message/create.ts";
import { BroadcastIn, BroadcastOut } from "../models/broadcast.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const createBroadcast = defineRoute({
  method: "POST",
  path: "/api/v1/msg/broadcast",
  operationId: "v1.message.broadcast",
  tag: "Message",
  summary: "Publish a message to many applications",
  description:
    "Publishes the message to all applications or to those you select. Runs in the background: get the background task to see its progress. Each application that exists now gets one message, even if the server restarts in between.",
  access: "organisation",
  permission: "messages:publish",
  filtersApplications: true,
  body: BroadcastIn,
  responses: { 202: BroadcastOut },
  handle: async ({ ctx, body, rawBody }) => {
    const { applications = null, metadata = null } = body;
    const publication = publicationOf(body, rawBody);
    return accepted(taskOut(await startBroadcast({ ctx, input: { publication, applications, metadata } })));
  },
});
