import { patchApplication as patchVerb } from "../../domain/application/update.ts";
import { applicationChanges } from "../inputs.ts";
import { ApplicationOut, ApplicationPatch } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { applicationOut } from "../wire.ts";

export const patchApplication = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id",
  operationId: "v1.application.patch",
  tag: "Application",
  summary: "Update an application",
  description: "Changes only the fields in the request.",
  access: "organisation",
  permission: "applications:write",
  body: ApplicationPatch,
  responses: { 200: ApplicationOut },
  handle: async ({ ctx, params, body }) => {
    const input = { ref: params.app_id, changes: applicationChanges(body) };
    return ok(applicationOut(await patchVerb({ ctx, input })));
  },
});
