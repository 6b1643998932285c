import { resendMessage } from "../../domain/delivery/resend.ts";
import { EmptyResponse } from "../models/common.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const resend = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/:msg_id/endpoint/:endpoint_id/resend",
  operationId: "v1.message-attempt.resend",
  tag: "Message Attempt",
  summary: "Resend a message to an endpoint",
  description:
    "Makes one manual attempt, regardless of the endpoint's filters. If it fails, a scheduled retry stays scheduled.",
  access: "CreateAttempts",
  permission: "messages:replay",
  responses: { 202: EmptyResponse },
  handle: async ({ ctx, params }) => {
    await resendMessage({ ctx, input: { app: params.app_id, message: params.msg_id, endpoint: params.endpoint_id } });
    return accepted({});
  },
});
