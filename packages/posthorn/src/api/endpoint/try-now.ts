import { tryEndpointNow } from "../../domain/endpoint/try-now.ts";
import { EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { stateReply } from "./state-reply.ts";

export const tryNow = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/try-now",
  operationId: "v1.endpoint.try-now",
  tag: "Endpoint",
  summary: "Retry an endpoint now",
  description:
    "Attempts a queued delivery immediately, instead of waiting for the next probe of an open circuit or for as long as the endpoint asked.",
  access: "ManageEndpoint",
  permission: "messages:replay",
  idempotency: "claim",
  responses: { 200: EndpointStateOut },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    await tryEndpointNow({ ctx, input });
    return stateReply(ctx, input);
  },
});
