import { releaseQuarantined as releaseVerb } from "../../domain/quarantine/release.ts";
import { QuarantineReleaseOut } from "../models/quarantine.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const releaseQuarantined = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/quarantine/:request_id/release",
  operationId: "v1.ingest.quarantine.release",
  tag: "Ingest",
  summary: "Take a request in that did not verify",
  description:
    "It becomes a message like any other and leaves the quarantine. Only what you know to be genuine: nothing has proved it.",
  access: "organisation",
  idempotency: "claim",
  responses: { 200: QuarantineReleaseOut },
  handle: async ({ ctx, params }) => {
    const input = { source: params.source_id, request: params.request_id };
    return ok({ messageId: await releaseVerb({ ctx, input }) });
  },
});
