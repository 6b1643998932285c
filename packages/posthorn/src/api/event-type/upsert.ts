import { upsertEventType as upsertVerb } from "../../domain/event-type/update.ts";
import { eventTypeInput } from "../inputs.ts";
import { checkPathName } from "../path-name.ts";
import { EventTypeOut, EventTypeUpsertIn } from "../models/event-type.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventTypeOut } from "../wire.ts";

export const upsertEventType = defineRoute({
  method: "PUT",
  path: "/api/v1/event-type/:event_type_name",
  operationId: "v1.event-type.update",
  tag: "Event Type",
  summary: "Replace or create an event type",
  description: "Omitted fields are reset to their defaults. An archived event type is restored.",
  access: "organisation",
  permission: "event-types:write",
  body: EventTypeUpsertIn,
  responses: { 200: EventTypeOut, 201: EventTypeOut },
  handle: async ({ ctx, params, body }) => {
    const input = eventTypeInput(checkPathName("event_type_name", params.event_type_name), body);
    const result = await upsertVerb({ ctx, input });
    const out = eventTypeOut(result.eventType);
    return result.created ? created(out) : ok(out);
  },
});
