import { TEMPLATES } from "../../templates/templates.ts";
import { TemplateList } from "../models/template.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { templateOut } from "./wire.ts";

export const listTemplates = defineRoute({
  method: "GET",
  path: "/api/v1/template",
  operationId: "v1.template.list",
  tag: "Template",
  summary: "List the templates",
  description:
    "Working setups for common uses, with the fields of their forms, what they create, and examples of what their endpoint receives.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: TemplateList },
  handle: ({ ctx }) => {
    const data = Object.entries(TEMPLATES).map(([id, template]) => templateOut(ctx, id, template));
    return Promise.resolve(ok({ data }));
  },
});
