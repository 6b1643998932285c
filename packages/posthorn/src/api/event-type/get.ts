import { getEventType as getVerb } from "../../domain/event-type/find.ts";
import { EventTypeOut } from "../models/event-type.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventTypeOut } from "../wire.ts";

export const getEventType = defineRoute({
  method: "GET",
  path: "/api/v1/event-type/:event_type_name",
  operationId: "v1.event-type.get",
  tag: "Event Type",
  summary: "Get an event type",
  description: "Returns its schemas and whether it is archived.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  responses: { 200: EventTypeOut },
  handle: async ({ ctx, params }) => ok(eventTypeOut(await getVerb(ctx, params.event_type_name))),
});
