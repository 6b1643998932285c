import { pauseSource as pauseVerb } from "../../domain/source/state.ts";
import { SourceStateOut } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { stateOut } from "./get-state.ts";

export const pauseSource = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/pause",
  operationId: "v1.ingest.source.pause",
  tag: "Ingest",
  summary: "Pause a source",
  description:
    "Posthorn stops reading it. Stored events are kept, and reading continues at the same position when the source is resumed. Webhooks cannot be paused: 404.",
  access: "organisation",
  permission: "sources:write",
  responses: { 200: SourceStateOut },
  handle: async ({ ctx, params }) => ok(stateOut(await pauseVerb({ ctx, input: { source: params.source_id } }))),
});
