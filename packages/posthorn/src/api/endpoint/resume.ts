import { resumeEndpoint as resumeVerb } from "../../domain/endpoint/set-flow.ts";
import { EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { stateReply } from "./state-reply.ts";

export const resumeEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/resume",
  operationId: "v1.endpoint.resume",
  tag: "Endpoint",
  summary: "Resume a paused endpoint",
  description: "The waiting deliveries are sent, oldest first.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  responses: { 200: EndpointStateOut },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    await resumeVerb({ ctx, input });
    return stateReply(ctx, input);
  },
});
