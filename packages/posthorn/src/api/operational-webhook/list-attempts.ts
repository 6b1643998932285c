import { Type } from "typebox";
import { listAttemptsByEndpoint } from "../../domain/attempt/list.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { attemptFilterOf, AttemptQuery } from "../attempt/query.ts";
import { MessageAttemptList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { attemptOut } from "../wire.ts";

export const listOperationalAttempts = defineRoute({
  method: "GET",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id/attempt",
  operationId: "v1.operational-webhook.endpoint.list-attempts",
  tag: "Operational Webhook",
  summary: "List the attempts to an operational webhook endpoint",
  description: "Newest first, each with its message if `with_msg` is true.",
  access: "organisation",
  permission: "read",
  query: Type.Object({ ...AttemptQuery, with_msg: Type.Optional(Type.Boolean({ default: false })) }),
  responses: { 200: MessageAttemptList },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const call = await operationalCall(ctx, params.endpoint_id);
    const withContent = query.with_content ?? true;
    const input = { ...attemptFilterOf(query), ...call.input, withMessage: query.with_msg ?? false };
    const page = await listAttemptsByEndpoint({ ctx: call.ctx, input });
    return list(
      page,
      (row) => row.id,
      (row) => attemptOut(row, { withContent }),
    );
  },
});
