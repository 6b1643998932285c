import { Type } from "typebox";
import { deleteEventType as deleteVerb } from "../../domain/event-type/delete.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteEventType = defineRoute({
  method: "DELETE",
  path: "/api/v1/event-type/:event_type_name",
  operationId: "v1.event-type.delete",
  tag: "Event Type",
  summary: "Archive an event type",
  description:
    "Endpoints keep their subscriptions; new subscriptions are refused. With `expunge=true`, it is deleted for good.",
  access: "organisation",
  permission: "event-types:write",
  query: Type.Object({ expunge: Type.Optional(Type.Boolean({ default: false })) }),
  responses: { 204: null },
  handle: async ({ ctx, params, query }) => {
    await deleteVerb({ ctx, input: { name: params.event_type_name, expunge: query.expunge ?? false } });
    return noContent();
  },
});
