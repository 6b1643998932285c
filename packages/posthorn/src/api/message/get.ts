import { Type } from "typebox";
import { getMessage as getVerb } from "../../domain/message/find.ts";
import { WithContentQuery } from "../models/common.ts";
import { MessageOut } from "../models/message.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { traceFields } from "../trace-wire.ts";
import { messageOut } from "../wire.ts";

export const getMessage = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id",
  operationId: "v1.message.get",
  tag: "Message",
  summary: "Get a message",
  description: "Find it by its id or its eventId.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(WithContentQuery),
  responses: { 200: MessageOut },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const withContent = query.with_content ?? true;
    const { message } = await getVerb({ ctx, input: { app: params.app_id, message: params.msg_id, withContent } });
    return ok(messageOut(message, { withContent }, traceFields(ctx, message.traceContext)));
  },
});
