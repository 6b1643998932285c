import { verifyEndpoint } from "../../domain/endpoint/verify.ts";
import { EndpointVerifyIn, EndpointVerifyOut } from "../models/endpoint-egress.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const verify = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/verify",
  operationId: "v1.endpoint.verify",
  tag: "Endpoint",
  summary: "Ask an endpoint whether it wants deliveries",
  description: "Asks now and answers with what came of it. Deliveries do not depend on it.",
  access: "ManageEndpoint",
  body: EndpointVerifyIn,
  responses: { 200: EndpointVerifyOut },
  // It stores nothing, and must not hold a transaction while it waits for a stranger.
  idempotency: "own",
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, method: body.method ?? "cloudevents" };
    return ok(await verifyEndpoint({ ctx, input }));
  },
});
