import { getQuarantined as getVerb } from "../../domain/quarantine/find.ts";
import { QuarantinedDetailOut } from "../models/quarantine.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { quarantinedDetailOut } from "./wire.ts";

export const getQuarantined = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/quarantine/:request_id",
  operationId: "v1.ingest.quarantine.get",
  tag: "Ingest",
  summary: "Get a quarantined request",
  description: "Returns the request as it was received, and why it was not accepted.",
  access: "organisation",
  permission: "read",
  responses: { 200: QuarantinedDetailOut },
  audit: "view",
  handle: async ({ ctx, params }) => {
    const ref = { source: params.source_id, request: params.request_id };
    return ok(quarantinedDetailOut(await getVerb(ctx, ref)));
  },
});
