import { getSourceState, type SourceState } from "../../domain/source/state.ts";
import { SourceStateOut } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTimeOrNull } from "../wire.ts";

export const getState = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/state",
  operationId: "v1.ingest.source.get-state",
  tag: "Ingest",
  summary: "Get the state of a source that Posthorn reads",
  description:
    "Whether reading it works, when it was last read, and when it is read next. Webhooks have no such state: 404.",
  access: "organisation",
  permission: "read",
  responses: { 200: SourceStateOut },
  handle: async ({ ctx, params }) => ok(stateOut(await getSourceState({ ctx, input: { source: params.source_id } }))),
});

export function stateOut({ state, error, failures, events, ...times }: SourceState): object {
  return {
    state,
    error,
    failures,
    failingSince: dateTimeOrNull(times.failingSince),
    lastSuccessAt: dateTimeOrNull(times.lastSuccessAt),
    lastFailureAt: dateTimeOrNull(times.lastFailureAt),
    lastEventAt: dateTimeOrNull(times.lastEventAt),
    events,
    nextAt: dateTimeOrNull(times.nextAt),
  };
}
