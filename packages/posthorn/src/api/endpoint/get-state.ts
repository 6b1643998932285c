import { EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { stateReply } from "./state-reply.ts";

export const getState = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/state",
  operationId: "v1.endpoint.get-state",
  tag: "Endpoint",
  summary: "How deliveries to an endpoint stand",
  description: "Whether they are held, why and since when; how fast they go; how many wait.",
  access: "ViewBase",
  responses: { 200: EndpointStateOut },
  handle: ({ ctx, params }) => stateReply(ctx, { app: params.app_id, endpoint: params.endpoint_id }),
});
