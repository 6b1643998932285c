import { getRhythm as getVerb } from "../../domain/activity/settings.ts";
import { SourceRhythmOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { rhythmOut } from "./wire.ts";

export const getRhythm = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/rhythm",
  operationId: "v1.ingest.rhythm.get",
  tag: "Rhythm",
  summary: "Get when a source is heard, and whether it is silent",
  access: "organisation",
  responses: { 200: SourceRhythmOut },
  handle: async ({ ctx, params }) => ok(rhythmOut(await getVerb({ ctx, input: { source: params.source_id } }))),
});
