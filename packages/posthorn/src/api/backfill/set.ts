import { setBackfillSettings as setVerb } from "../../domain/backfill/settings.ts";
import { BackfillSettingsIn, BackfillSettingsOut } from "../models/backfill.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backfillSettingsOf, backfillSettingsOut } from "./wire.ts";

export const setBackfillSettings = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/backfill",
  operationId: "v1.ingest.backfill.update",
  tag: "Backfill",
  summary: "Set up backfill for a source",
  description: "The token is stored encrypted and never returned.",
  access: "organisation",
  permission: "sources:write",
  body: BackfillSettingsIn,
  responses: { 200: BackfillSettingsOut },
  handle: async ({ ctx, params, body }) =>
    ok(backfillSettingsOut(await setVerb({ ctx, input: backfillSettingsOf(params.source_id, body) }))),
});
