import { getApplicationRetention as getVerb } from "../../domain/retention/application-periods.ts";
import { ApplicationRetention } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getApplicationRetention = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/retention",
  operationId: "v1.application.get-retention",
  tag: "Application",
  summary: "Get the retention periods of an application",
  description:
    "Returns how long data of the application is kept, and where each period comes from. Also takes the ID of a source.",
  access: "organisation",
  permission: "read",
  responses: { 200: ApplicationRetention },
  handle: async ({ ctx, params }) => ok(await getVerb({ ctx, input: { app: params.app_id } })),
});
