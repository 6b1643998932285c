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
  summary: "Set the egress rules of an application",
  description:
    "`allow` replaces POSTHORN_EGRESS_ALLOW for this application. An entry or a proxy host that is covered by neither POSTHORN_EGRESS_ALLOW nor POSTHORN_EGRESS_TENANT_ALLOW, or that POSTHORN_EGRESS_DENY names, is refused with `egress_not_allowed`. The proxy replaces POSTHORN_EGRESS_PROXY; the proxy of an endpoint takes precedence over it.",
  access: "organisation",
  permission: "settings:write",
  body: ApplicationEgressIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setVerb({ ctx, input: { app: params.app_id, ...applicationEgressInput(body) } });
    return noContent();
  },
});
