import { notFound } from "../../lib/errors.ts";
import { templateNamed } from "../../templates/templates.ts";
import { TemplateOut } from "../models/template.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { templateOut } from "./wire.ts";

export const getTemplate = defineRoute({
  method: "GET",
  path: "/api/v1/template/:template_id",
  operationId: "v1.template.get",
  tag: "Template",
  summary: "Get a template",
  description: "Returns its form, the objects that it creates, and examples.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: TemplateOut },
  handle: ({ ctx, params }) => {
    const template = templateNamed(params.template_id);
    if (template === null) throw notFound("template");
    return Promise.resolve(ok(templateOut(ctx, params.template_id, template)));
  },
});
