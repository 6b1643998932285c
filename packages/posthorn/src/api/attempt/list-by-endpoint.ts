import { Type } from "typebox";
import { listAttemptsByEndpoint as listVerb } from "../../domain/attempt/list.ts";
import { MessageAttemptList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { attemptOut } from "../wire.ts";
import { attemptFilterOf, AttemptQuery } from "./query.ts";

export const listAttemptsByEndpoint = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/attempt/endpoint/:endpoint_id",
  operationId: "v1.message-attempt.list-by-endpoint",
  tag: "Message Attempt",
  summary: "List the attempts to an endpoint",
  description: "Newest first. `status` is the status of the attempt.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({ ...AttemptQuery, with_msg: Type.Optional(Type.Boolean({ default: false })) }),
  responses: { 200: MessageAttemptList },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const withContent = query.with_content ?? true;
    const input = {
      ...attemptFilterOf(query),
      app: params.app_id,
      endpoint: params.endpoint_id,
      withMessage: query.with_msg ?? false,
    };
    return list(
      await listVerb({ ctx, input }),
      (row) => row.id,
      (row) => attemptOut(row, { withContent }),
    );
  },
});
