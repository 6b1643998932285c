import { getApplication as getVerb } from "../../domain/application/find.ts";
import { ApplicationOut } from "../models/application.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { applicationOut } from "../wire.ts";

export const getApplication = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id",
  operationId: "v1.application.get",
  tag: "Application",
  summary: "Get an application",
  description: "Finds the application by its ID or UID.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: ApplicationOut },
  handle: async ({ ctx, params }) => ok(applicationOut(await getVerb(ctx, params.app_id))),
});
