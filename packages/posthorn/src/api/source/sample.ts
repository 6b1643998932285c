import { sendSample as sendVerb } from "../../domain/source/sample.ts";
import { SourceSampleIn, SourceSampleOut } from "../models/source-kind.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const sendSample = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/sample",
  operationId: "v1.ingest.source.sample",
  tag: "Ingest",
  summary: "Send a sample event to a source",
  description:
    "Stores an event as if the source had received it, and delivers it to its endpoints. It counts neither towards the daily quota nor as activity, and can be sent again.",
  access: "organisation",
  permission: "messages:publish",
  idempotency: "claim",
  body: SourceSampleIn,
  responses: { 202: SourceSampleOut },
  handle: async ({ ctx, params, body }) => {
    const { eventType, payload } = body;
    return accepted({ id: await sendVerb({ ctx, input: { source: params.source_id, eventType, payload } }) });
  },
});
