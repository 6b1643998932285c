import { getDuplicates as getVerb } from "../../domain/duplicate/get.ts";
import { IngestDuplicatesOut } from "../models/source-event.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export const getDuplicates = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/duplicates",
  operationId: "v1.ingest.source.duplicates",
  tag: "Ingest",
  summary: "Get duplicate deliveries",
  description:
    "Number of duplicates, and the 50 most recently repeated messages. Posthorn acknowledges a duplicate and does not forward it again. Counts are updated within a few seconds.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestDuplicatesOut },
  handle: async ({ ctx, params }) => {
    const { count, lastAt, messages } = await getVerb({ ctx, input: { source: params.source_id } });
    return ok({
      count,
      lastAt: dateTimeOrNull(lastAt),
      messages: messages.map(({ receivedAt, lastReceivedAt, ...message }) => ({
        ...message,
        receivedAt: dateTime(receivedAt),
        lastReceivedAt: dateTime(lastReceivedAt),
      })),
    });
  },
});
