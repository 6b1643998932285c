import { setFilter } from "../../domain/endpoint/filter.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteFilter = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/filter",
  operationId: "v1.endpoint.delete-filter",
  tag: "Filter",
  summary: "Remove the filter of an endpoint",
  description: "The endpoint then receives all messages of its event types and channels.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await setFilter({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, filter: null } });
    return noContent();
  },
});
