import { Type } from "typebox";
import { getAttemptDetail } from "../../domain/attempt/get-detail.ts";
import { MessageAttemptOut } from "../models/message.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { attemptDetailOut } from "../attempt-wire.ts";
import { traceFields } from "../trace-wire.ts";
import { ExpandedQuery } from "./query.ts";

export const getAttempt = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/attempt/:attempt_id",
  operationId: "v1.message-attempt.get",
  tag: "Message Attempt",
  summary: "Get an attempt",
  description:
    "`detail` has the request as it was sent, the response and the timing of each phase. Secrets are not stored.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(ExpandedQuery),
  responses: { 200: MessageAttemptOut },
  audit: "view",
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, message: params.msg_id, attempt: params.attempt_id };
    const detail = await getAttemptDetail({ ctx, input });
    const trace = traceFields(ctx, detail.traceContext, detail.attempt.key);
    return ok({ ...attemptDetailOut(detail), ...trace });
  },
});
