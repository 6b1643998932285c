import { verifyEndpoint } from "../../domain/endpoint/verify.ts";
import { EndpointVerifyIn, EndpointVerifyOut } from "../models/endpoint-egress.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { verifyOut } from "../wire.ts";

export const verify = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/verify",
  operationId: "v1.endpoint.verify",
  tag: "Endpoint",
  summary: "Verify an endpoint",
  description:
    "Asks the endpoint whether it accepts deliveries, and stores the result. If the verification policy requires it, deliveries are on hold until then.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointVerifyIn,
  responses: { 200: EndpointVerifyOut },
  // Safe to repeat, and must not hold a transaction while it waits for the endpoint.
  idempotency: "claim",
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, method: body.method ?? null };
    return ok(verifyOut(await verifyEndpoint({ ctx, input })));
  },
});
