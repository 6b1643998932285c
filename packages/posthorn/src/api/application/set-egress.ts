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
    "The words replace POSTHORN_EGRESS_ALLOW for this application. A word or a proxy host that neither POSTHORN_EGRESS_ALLOW nor POSTHORN_EGRESS_TENANT_ALLOW covers, or that POSTHORN_EGRESS_DENY names, is refused with `egress_not_allowed`. The proxy replaces POSTHORN_EGRESS_PROXY; the proxy of an endpoint wins over it.",
  access: "organisation",
  body: ApplicationEgressIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, ...applicationEgressInput(body) } });
    return noContent();
  },
});
