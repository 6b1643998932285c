import { Type } from "typebox";
import { createApplication as createVerb } from "../../domain/application/create.ts";
import { applicationInput } from "../inputs.ts";
import { ApplicationIn, ApplicationOut } from "../models/application.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { applicationOut } from "../wire.ts";

export const createApplication = defineRoute({
  method: "POST",
  path: "/api/v1/app",
  operationId: "v1.application.create",
  tag: "Application",
  summary: "Create an application",
  description:
    "With `get_if_exists=true`, an existing application with the same uid is returned unchanged, with status 200.",
  access: "organisation",
  permission: "applications:write",
  query: Type.Object({ get_if_exists: Type.Optional(Type.Boolean({ default: false })) }),
  body: ApplicationIn,
  responses: { 200: ApplicationOut, 201: ApplicationOut },
  handle: async ({ ctx, query, body }) => {
    const input = { ...applicationInput(body), getIfExists: query.get_if_exists ?? false };
    const result = await createVerb({ ctx, input });
    const out = applicationOut(result.application);
    return result.created ? created(out) : ok(out);
  },
});
