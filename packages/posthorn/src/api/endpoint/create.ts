import { requireAccess } from "../../domain/access.ts";
import { createEndpoint as createVerb } from "../../domain/endpoint/create.ts";
import { endpointInput } from "../inputs.ts";
import { EndpointIn, EndpointOut } from "../models/endpoint.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointOut } from "../wire.ts";

export const createEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint",
  operationId: "v1.endpoint.create",
  tag: "Endpoint",
  summary: "Create an endpoint",
  description:
    "Messages that are published from now on are sent to it. Without `secret`, a new signing secret is generated.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointIn,
  responses: { 201: EndpointOut },
  handle: async ({ ctx, params, body }) => {
    // Setting a secret requires the same access on creation as later.
    if (body.secret) requireAccess(ctx.actor, { access: "ManageEndpointSecret", permission: "endpoints:write" });
    const input = {
      ...endpointInput(body),
      app: params.app_id,
      secret: body.secret ?? null,
      headers: body.headers ?? {},
    };
    return created(endpointOut(await createVerb({ ctx, input })));
  },
});
