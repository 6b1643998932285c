import { patchEventType as patchVerb } from "../../domain/event-type/update.ts";
import { eventTypeChanges } from "../inputs.ts";
import { EventTypeOut, EventTypePatch } from "../models/event-type.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventTypeOut } from "../wire.ts";

export const patchEventType = defineRoute({
  method: "PATCH",
  path: "/api/v1/event-type/:event_type_name",
  operationId: "v1.event-type.patch",
  tag: "Event Type",
  summary: "Update an event type",
  description: "Changes only the fields in the request. A given `schemas` replaces all versions.",
  access: "organisation",
  permission: "event-types:write",
  body: EventTypePatch,
  responses: { 200: EventTypeOut },
  handle: async ({ ctx, params, body }) => {
    const input = { name: params.event_type_name, changes: eventTypeChanges(body) };
    return ok(eventTypeOut(await patchVerb({ ctx, input })));
  },
});
