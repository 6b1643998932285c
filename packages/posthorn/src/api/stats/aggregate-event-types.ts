import { aggregateEventTypes as aggregateVerb } from "../../domain/usage/event-types.ts";
import { AggregateEventTypesOut } from "../models/usage.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const aggregateEventTypes = defineRoute({
  method: "PUT",
  path: "/api/v1/stats/usage/event-types",
  operationId: "v1.statistics.aggregate-event-types",
  tag: "Statistics",
  summary: "Count the stored messages by event type",
  description:
    "Runs in the background. The data of the task has `eventTypes`, and `others` for more than a thousand names.",
  access: "organisation",
  permission: "read",
  responses: { 202: AggregateEventTypesOut },
  handle: async ({ ctx }) => accepted(taskOut(await aggregateVerb({ ctx, input: null }))),
});
