import { getBackfillSettings as getVerb } from "../../domain/backfill/settings.ts";
import { BackfillSettingsOut } from "../models/backfill.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backfillSettingsOut } from "./wire.ts";

export const getBackfillSettings = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/backfill",
  operationId: "v1.ingest.backfill.get",
  tag: "Backfill",
  summary: "Get the backfill settings of a source",
  description: "Returns how often Posthorn asks the provider for missed events, and when it does so next.",
  access: "organisation",
  permission: "read",
  responses: { 200: BackfillSettingsOut },
  handle: async ({ ctx, params }) =>
    ok(backfillSettingsOut(await getVerb({ ctx, input: { source: params.source_id } }))),
});
