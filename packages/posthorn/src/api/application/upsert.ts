import { upsertApplication as upsertVerb } from "../../domain/application/update.ts";
import { applicationInput } from "../inputs.ts";
import { ApplicationIn, ApplicationOut } from "../models/application.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { applicationOut } from "../wire.ts";

export const upsertApplication = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id",
  operationId: "v1.application.update",
  tag: "Application",
  summary: "Replace or create an application",
  description:
    "Omitted fields are reset to their defaults. If no application has this id or uid, a new one is created with its own id.",
  access: "organisation",
  permission: "applications:write",
  body: ApplicationIn,
  responses: { 200: ApplicationOut, 201: ApplicationOut },
  handle: async ({ ctx, params, body }) => {
    const result = await upsertVerb({ ctx, input: { ...applicationInput(body), ref: params.app_id } });
    const out = applicationOut(result.application);
    return result.created ? created(out) : ok(out);
  },
});
