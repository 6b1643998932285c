import { type TSchema, Type } from "typebox";
import { DateTime, nullable } from "./common.ts";
import { taskFields } from "./task.ts";

export const AppUsageStatsIn = Type.Object(
  {
    since: DateTime,
    until: DateTime,
    appIds: Type.Optional(
      nullable(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000, uniqueItems: true })),
    ),
  },
  {
    $id: "AppUsageStatsIn",
    description:
      "Whole hours: `since` is rounded down and `until` up. `appIds`: ids or uids; by default all applications.",
  },
);

export const AppUsageStatsOut = Type.Object(
  { ...taskFields, unresolvedAppIds: Type.Array(Type.String(), { description: "Omit to include all applications." }) },
  { $id: "AppUsageStatsOut", description: "The background task. Its data will contain the totals." },
);

export const AggregateEventTypesOut = Type.Object(taskFields, {
  $id: "AggregateEventTypesOut",
  description: "The background task. Its data will contain the counts.",
});

export const USAGE_MODELS: readonly TSchema[] = [AppUsageStatsIn, AppUsageStatsOut, AggregateEventTypesOut];
