import { unblockEndpoint as unblockVerb } from "../../domain/endpoint/unblock.ts";
import { EndpointStateOut, EndpointUnblockIn } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { stateReply } from "./state-reply.ts";

export const unblockEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/unblock",
  operationId: "v1.endpoint.unblock",
  tag: "Endpoint",
  summary: "Unblock ordered delivery",
  description:
    "For endpoints with ordered delivery. Deliveries behind a failed one no longer wait for it; the failed delivery is still retried on schedule.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  body: EndpointUnblockIn,
  responses: { 200: EndpointStateOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    const { orderingKey = null, msgId = null } = body;
    await unblockVerb({ ctx, input: { ...input, orderingKey, messageId: msgId } });
    return stateReply(ctx, input);
  },
});
