import { resumeSource as resumeVerb } from "../../domain/source/state.ts";
import { SourceStateOut } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { stateOut } from "./get-state.ts";

export const resumeSource = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/resume",
  operationId: "v1.ingest.source.resume",
  tag: "Ingest",
  summary: "Resume a paused source",
  description:
    "Reads it at once, from where it stopped. A schedule treats the times that it missed as after an outage.",
  access: "organisation",
  permission: "sources:write",
  responses: { 200: SourceStateOut },
  handle: async ({ ctx, params }) => ok(stateOut(await resumeVerb({ ctx, input: { source: params.source_id } }))),
});
