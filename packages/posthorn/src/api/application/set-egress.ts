import { setApplicationEgress as setVerb } from "../../domain/application/egress.ts";
import { applicationEgressInput } from "../inputs.ts";
import { ApplicationEgressIn } from "../models/application.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setApplicationEgress = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/egress",
  operationId: "v1.application.set-egress",
  tag: "Application",
  summary: "Set the targets that deliveries of an application may reach, and the proxy they go through",
  description:
    "The words stand in place of POSTHORN_EGRESS_ALLOW; POSTHORN_EGRESS_DENY still wins. The proxy stands in place of POSTHORN_EGRESS_PROXY; that of an endpoint wins over it.",
  access: "organisation",
  body: ApplicationEgressIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, ...applicationEgressInput(body) } });
    return noContent();
  },
});
