import { instantiateTemplate } from "../../domain/template/instantiate.ts";
import { TemplateIn, TemplateInstanceOut } from "../models/template.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { instanceOut } from "./wire.ts";

export const createFromTemplate = defineRoute({
  method: "POST",
  path: "/api/v1/template/:template_id/instantiate",
  operationId: "v1.template.instantiate",
  tag: "Template",
  summary: "Create what a template describes",
  description:
    "Creates a source or event types, an endpoint, and for some templates a watch: all of them, or none if one is rejected. " +
    "They are ordinary resources, which can be changed and deleted one by one.",
  access: "organisation",
  permission: "endpoints:write",
  idempotency: "claim",
  body: TemplateIn,
  responses: { 201: TemplateInstanceOut },
  handle: async ({ ctx, params, body }) => {
    const { app = null, values = {} } = body;
    const instance = await instantiateTemplate({ ctx, input: { template: params.template_id, app, values } });
    return created(await instanceOut(ctx, instance));
  },
});
