import { startBroadcast } from "../../domain/broadcast/start.ts";
import { publicationOf } from "../message/publication.ts";
import { BroadcastIn, BroadcastOut } from "../models/broadcast.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const createBroadcast = defineRoute({
  method: "POST",
  path: "/api/v1/msg/broadcast",
  operationId: "v1.message.broadcast",
  tag: "Message",
  summary: "Publish one message to all applications, or to some",
  description:
    "Runs in the background; the background task says how far it got. Every application that there is now gets a message of its own, once, also when the server stops in between.",
  access: "organisation",
  body: BroadcastIn,
  responses: { 202: BroadcastOut },
  handle: async ({ ctx, body, rawBody }) => {
    const { applications = null, metadata = null } = body;
    const publication = publicationOf(body, rawBody);
    return accepted(taskOut(await startBroadcast({ ctx, input: { publication, applications, metadata } })));
  },
});
