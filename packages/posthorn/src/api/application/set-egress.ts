import { setEgressAllow } from "../../domain/application/egress.ts";
import { ApplicationEgress } from "../models/application.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setApplicationEgress = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/egress",
  operationId: "v1.application.set-egress",
  tag: "Application",
  summary: "Set the targets that deliveries of an application may reach",
  description: "In place of POSTHORN_EGRESS_ALLOW, with the same words. POSTHORN_EGRESS_DENY still wins.",
  access: "organisation",
  body: ApplicationEgress,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await setEgressAllow({ ctx, input: { app: params.app_id, allow: body.allow } });
    return noContent();
  },
});
