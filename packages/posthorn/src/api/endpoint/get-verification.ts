import { getVerification as getVerb } from "../../domain/endpoint/verify.ts";
import { EndpointVerificationOut } from "../models/endpoint-egress.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { verificationOut } from "../wire.ts";

export const getVerification = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/verify",
  operationId: "v1.endpoint.get-verification",
  tag: "Endpoint",
  summary: "Get the verification of an endpoint",
  description: "Returns whether the receiver has agreed to receive webhooks.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointVerificationOut },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    return ok(verificationOut(await getVerb({ ctx, input })));
  },
});
