import { precheckMessage as precheckVerb } from "../../domain/message/precheck.ts";
import { MessagePrecheckIn, MessagePrecheckOut } from "../models/message-precheck.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { contentOf } from "./create.ts";

export const precheckMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/precheck/active",
  operationId: "v1.message.precheck",
  tag: "Message",
  summary: "Preview which endpoints a message would match",
  description: "Nothing is stored or sent. Without a payload, filters are not evaluated.",
  access: "ViewBase",
  permission: "read",
  // Changes nothing, so there is no response to store.
  idempotency: "none",
  body: MessagePrecheckIn,
  responses: { 200: MessagePrecheckOut },
  audit: "none",
  handle: async ({ ctx, params, body, rawBody }) => {
    const { eventType, payload, data, transformationsParams } = body;
    const given = payload !== undefined || data !== undefined || Boolean(transformationsParams?.rawPayload);
    const content = given ? contentOf(body, rawBody) : { payload: null, contentType: "application/json" };
    const message = {
      eventType,
      eventId: body.eventId ?? null,
      channels: body.channels ?? null,
      tags: body.tags ?? null,
      contentType: content.contentType,
    };
    const input = { app: params.app_id, message, payload: content.payload };
    const { matched, ...rest } = await precheckVerb({ ctx, input });
    return ok({ active: matched > 0, matched, ...rest });
  },
});
