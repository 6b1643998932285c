import { releaseQuarantined as releaseVerb } from "../../domain/quarantine/release.ts";
import { QuarantineReleaseOut } from "../models/quarantine.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const releaseQuarantined = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/quarantine/:request_id/release",
  operationId: "v1.ingest.quarantine.release",
  tag: "Ingest",
  summary: "Release a quarantined request",
  description:
    "Accepts the request although it failed verification: it becomes a message and is delivered. Release only requests that you know to be genuine, because anyone with the URL can send a forged one. A request for permission to send (`origin_not_allowed`) is granted: its callback URL is called, and the source allows the origin from now on.",
  access: "organisation",
  permission: "sources:write",
  idempotency: "claim",
  responses: { 200: QuarantineReleaseOut },
  handle: async ({ ctx, params }) => {
    const input = { source: params.source_id, request: params.request_id };
    return ok({ messageId: await releaseVerb({ ctx, input }) });
  },
});
