import { getApplicationEgress as getVerb } from "../../domain/application/egress.ts";
import { ApplicationEgress } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getApplicationEgress = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/egress",
  operationId: "v1.application.get-egress",
  tag: "Application",
  summary: "Get the egress rules of an application",
  description:
    "Returns the targets that deliveries may reach, and whether a proxy is set. The address and credentials of the proxy are never returned.",
  access: "organisation",
  permission: "read",
  responses: { 200: ApplicationEgress },
  handle: async ({ ctx, params }) => ok(await getVerb({ ctx, input: { app: params.app_id } })),
});
