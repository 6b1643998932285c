import { Type } from "typebox";
import { listEvents as listVerb } from "../../domain/source/events.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { IngestEventList } from "../models/source-event.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventOut } from "./event-wire.ts";

export const listEvents = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/event",
  operationId: "v1.ingest.event.list",
  tag: "Ingest",
  summary: "List the events of a source",
  description:
    "Newest first. Bodies, attempts and the reasons why endpoints did not match are under /api/v1/app/{source_id}/msg, as for every message.",
  access: "organisation",
  permission: "read",
  query: Type.Object({
    ...PageQuery,
    event_type: Type.Optional(Type.String({ maxLength: 256, description: "Return only events of this type." })),
    unmatched: Type.Optional(
      Type.Boolean({ default: false, description: "Return only events that matched no endpoint." }),
    ),
  }),
  responses: { 200: IngestEventList },
  handle: async ({ ctx, params, query }) => {
    const { event_type: eventType = null, unmatched: unmatchedOnly = false } = query;
    const input = { ...pageOf(query), source: params.source_id, eventType, unmatchedOnly };
    return list(await listVerb({ ctx, input }), (row) => row.id, eventOut);
  },
});
