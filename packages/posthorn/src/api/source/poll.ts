import { pollSource as pollVerb } from "../../domain/source/state.ts";
import { SourceStateOut } from "../models/source-kind.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { stateOut } from "./get-state.ts";

export const pollSource = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/poll",
  operationId: "v1.ingest.source.poll",
  tag: "Ingest",
  summary: "Poll a source now",
  description:
    "Reads the source at once instead of at `nextAt`, even while it is failing. A connected source is left as it is. Webhooks have nothing to read: 404.",
  access: "organisation",
  permission: "sources:write",
  responses: { 202: SourceStateOut },
  handle: async ({ ctx, params }) => accepted(stateOut(await pollVerb({ ctx, input: { source: params.source_id } }))),
});
