import { pauseEndpoint as pauseVerb } from "../../domain/endpoint/set-flow.ts";
import { EndpointPauseIn, EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { toMs } from "../wire.ts";
import { stateReply } from "./state-reply.ts";

export const pauseEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/pause",
  operationId: "v1.endpoint.pause",
  tag: "Endpoint",
  summary: "Pause an endpoint",
  description:
    "Holds its deliveries until the given time, or until you resume it. No events are lost, and deliveries on hold don't use up retries.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  body: EndpointPauseIn,
  responses: { 200: EndpointStateOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    await pauseVerb({ ctx, input: { ...input, until: toMs(body.until) } });
    return stateReply(ctx, input);
  },
});
