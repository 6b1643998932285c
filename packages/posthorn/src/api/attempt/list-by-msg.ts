import { Type } from "typebox";
import { listAttemptsByMessage as listVerb } from "../../domain/attempt/list.ts";
import { MessageAttemptList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { attemptOut } from "../wire.ts";
import { attemptFilterOf, AttemptQuery } from "./query.ts";

export const listAttemptsByMessage = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/attempt/msg/:msg_id",
  operationId: "v1.message-attempt.list-by-msg",
  tag: "Message Attempt",
  summary: "List the attempts of a message",
  description: "Newest first. `status` is the status of the attempt.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...AttemptQuery, endpoint_id: Type.Optional(Type.String({ maxLength: 256 })) }),
  responses: { 200: MessageAttemptList },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const withContent = query.with_content ?? true;
    const input = {
      ...attemptFilterOf(query),
      app: params.app_id,
      message: params.msg_id,
      endpoint: query.endpoint_id ?? null,
    };
    return list(
      await listVerb({ ctx, input }),
      (row) => row.id,
      (row) => attemptOut(row, { withContent }),
    );
  },
});
