import { Type } from "typebox";
import { createMessage as createVerb } from "../../domain/message/create.ts";
import { applicationInput } from "../inputs.ts";
import { WithContentQuery } from "../models/common.ts";
import { MessageIn, MessageOut } from "../models/message.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageOut } from "../wire.ts";
import { publicationOf } from "./publication.ts";

export const createMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg",
  operationId: "v1.message.create",
  tag: "Message",
  summary: "Publish a message",
  description:
    "Responds with 202 once the message and its deliveries are on disk. Send an `idempotency-key` so that you can retry the request safely.",
  access: "organisation",
  idempotency: "own",
  query: Type.Object(WithContentQuery),
  body: MessageIn,
  responses: { 202: MessageOut },
  handle: async ({ ctx, params, query, body, rawBody, content, idempotency }) => {
    const input = {
      ...publicationOf(body, rawBody, content),
      app: params.app_id,
      application: body.application ? applicationInput(body.application) : null,
      idempotency,
    };
    const message = await createVerb({ ctx, input });
    const withContent = query.with_content ?? true;
    return accepted(messageOut(message, { withContent, isJsonObject: message.payload === content }));
  },
});
