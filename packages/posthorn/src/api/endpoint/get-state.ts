import { EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { stateReply } from "./state-reply.ts";

export const getState = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/state",
  operationId: "v1.endpoint.get-state",
  tag: "Endpoint",
  summary: "Get the delivery state of an endpoint",
  description:
    "Returns whether deliveries are on hold, why and since when, the current rate, and how many deliveries are queued.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointStateOut },
  handle: ({ ctx, params }) => stateReply(ctx, { app: params.app_id, endpoint: params.endpoint_id }),
});
