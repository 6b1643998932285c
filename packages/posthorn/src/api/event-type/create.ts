import { createEventType as createVerb } from "../../domain/event-type/create.ts";
import { eventTypeInput } from "../inputs.ts";
import { EventTypeIn, EventTypeOut } from "../models/event-type.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventTypeOut } from "../wire.ts";

export const createEventType = defineRoute({
  method: "POST",
  path: "/api/v1/event-type",
  operationId: "v1.event-type.create",
  tag: "Event Type",
  summary: "Create an event type",
  description: "If an archived event type has this name, it is restored with the new fields.",
  access: "organisation",
  permission: "event-types:write",
  body: EventTypeIn,
  responses: { 201: EventTypeOut },
  handle: async ({ ctx, body }) =>
    created(eventTypeOut(await createVerb({ ctx, input: eventTypeInput(body.name, body) }))),
});
