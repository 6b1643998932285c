import { setApplicationRetention as setVerb } from "../../domain/retention/application-periods.ts";
import { ApplicationRetention, ApplicationRetentionIn } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setApplicationRetention = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/retention",
  operationId: "v1.application.set-retention",
  tag: "Application",
  summary: "Set the retention periods of an application",
  description:
    "Also applies to stored messages: those past a shorter period are deleted within minutes, and cannot be restored. A message that was published with its own payload retention keeps it. Also takes the ID of a source.",
  access: "organisation",
  permission: "settings:write",
  body: ApplicationRetentionIn,
  responses: { 200: ApplicationRetention },
  handle: async ({ ctx, params, body }) => ok(await setVerb({ ctx, input: { app: params.app_id, ...body } })),
});
