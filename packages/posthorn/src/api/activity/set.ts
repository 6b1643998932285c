import { setRhythm as setVerb } from "../../domain/activity/settings.ts";
import { SourceRhythmIn, SourceRhythmOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { ruleOf, rhythmOut } from "./wire.ts";

export const setRhythm = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/rhythm",
  operationId: "v1.ingest.rhythm.update",
  tag: "Rhythm",
  summary: "Set how silence of a source is told",
  access: "organisation",
  body: SourceRhythmIn,
  responses: { 200: SourceRhythmOut },
  handle: async ({ ctx, params, body }) =>
    ok(rhythmOut(await setVerb({ ctx, input: { source: params.source_id, rule: ruleOf(body) } }))),
});
