import { previewTemplate } from "../../domain/template/instantiate.ts";
import { TemplateDryRunOut, TemplateIn } from "../models/template.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dryRunOut } from "./wire.ts";

export const dryRunTemplate = defineRoute({
  method: "POST",
  path: "/api/v1/template/:template_id/dry-run",
  operationId: "v1.template.dry-run",
  tag: "Template",
  summary: "Preview what a template creates",
  description: "Performs all checks and returns what would be created. Stores nothing.",
  access: "organisation",
  permission: "read",
  idempotency: "none",
  body: TemplateIn,
  responses: { 200: TemplateDryRunOut },
  audit: "none",
  handle: async ({ ctx, params, body }) => {
    const { app = null, values = {} } = body;
    return ok(dryRunOut(await previewTemplate({ ctx, input: { template: params.template_id, app, values } })));
  },
});
