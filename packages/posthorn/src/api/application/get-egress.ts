import { getApplicationEgress as getVerb } from "../../domain/application/egress.ts";
import { ApplicationEgress } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getApplicationEgress = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/egress",
  operationId: "v1.application.get-egress",
  tag: "Application",
  summary: "Get the targets that deliveries of an application may reach, and whether they have a proxy",
  description: "Address and credentials of the proxy are never shown.",
  access: "organisation",
  responses: { 200: ApplicationEgress },
  handle: async ({ ctx, params }) => ok(await getVerb({ ctx, input: { app: params.app_id } })),
});
