import { getEvent as getVerb } from "../../domain/source/events.ts";
import { IngestEventDetailOut } from "../models/source-event.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventDetailOut } from "./event-wire.ts";

export const getEvent = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/event/:event_id",
  operationId: "v1.ingest.event.get",
  tag: "Ingest",
  summary: "Get an event of a source with its headers",
  description: "By message ID, or by the provider's delivery ID.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestEventDetailOut },
  audit: "view",
  handle: async ({ ctx, params }) => {
    const input = { source: params.source_id, event: params.event_id };
    return ok(eventDetailOut(await getVerb({ ctx, input })));
  },
});
