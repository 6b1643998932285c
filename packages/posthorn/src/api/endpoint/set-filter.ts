import { setFilter as setVerb } from "../../domain/endpoint/filter.ts";
import { memberText } from "../filter/text.ts";
import { EndpointFilterIn } from "../models/filter.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setFilter = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/filter",
  operationId: "v1.endpoint.set-filter",
  tag: "Filter",
  summary: "Set the filter of an endpoint",
  description:
    "From the next message on, only messages that match the filter are sent to the endpoint. Null removes the filter.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: EndpointFilterIn,
  responses: { 204: null },
  handle: async ({ ctx, params, rawBody }) => {
    const filter = memberText(rawBody, "filter");
    await setVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, filter } });
    return noContent();
  },
});
