import { getEgressAllow } from "../../domain/application/egress.ts";
import { ApplicationEgress } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getApplicationEgress = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/egress",
  operationId: "v1.application.get-egress",
  tag: "Application",
  summary: "Get the targets that deliveries of an application may reach",
  access: "organisation",
  responses: { 200: ApplicationEgress },
  handle: async ({ ctx, params }) => ok({ allow: await getEgressAllow({ ctx, input: { app: params.app_id } }) }),
});
