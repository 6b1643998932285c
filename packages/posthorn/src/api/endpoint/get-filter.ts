import { getFilter as getVerb } from "../../domain/endpoint/filter.ts";
import { EndpointFilterOut } from "../models/filter.ts";
import { JsonText, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getFilter = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/filter",
  operationId: "v1.endpoint.get-filter",
  tag: "Filter",
  summary: "Get the filter of an endpoint",
  description: "Returns the filter as it was set, or null if the endpoint has none.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: EndpointFilterOut },
  handle: async ({ ctx, params }) => {
    const filter = await getVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } });
    return ok(new JsonText(`{"filter":${filter ?? "null"}}`));
  },
});
