import { sendExample as sendVerb } from "../../domain/message/send-example.ts";
import { EventExampleIn } from "../models/endpoint.ts";
import { MessageOut } from "../models/message.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { exampleInput } from "./example-input.ts";
import { messageOut } from "../wire.ts";

export const sendExample = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/send-example",
  operationId: "v1.endpoint.send-example",
  tag: "Endpoint",
  summary: "Send an example event",
  description:
    "Sends `payload` byte for byte if you set it, otherwise `examples[exampleIndex]` of version 1 of the event type's schema. " +
    "If the schema has no examples, the first one is generated from the schema, or from the newest message of that type in the " +
    "application. `webhook.ping` is built in and needs no event type. The endpoint gets the message regardless of the event types it " +
    "subscribes to.",
  access: "CreateAttempts",
  permission: "messages:replay",
  idempotency: "own",
  body: EventExampleIn,
  responses: { 202: MessageOut },
  handle: async ({ ctx, params, body, rawBody, idempotency }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...exampleInput(body, rawBody), idempotency };
    return accepted(messageOut(await sendVerb({ ctx, input }), { withContent: true }));
  },
});
