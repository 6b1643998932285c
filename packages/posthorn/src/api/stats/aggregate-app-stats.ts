import { aggregateApplications } from "../../domain/usage/applications.ts";
import { AppUsageStatsIn, AppUsageStatsOut } from "../models/usage.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const aggregateAppStats = defineRoute({
  method: "POST",
  path: "/api/v1/stats/usage/app",
  operationId: "v1.statistics.aggregate-app-stats",
  tag: "Statistics",
  summary: "Total the messages published by applications",
  description:
    "Runs in the background. The data of the task has `messages`, the total, and `applications`, the thousand with the most messages.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  body: AppUsageStatsIn,
  responses: { 202: AppUsageStatsOut },
  handle: async ({ ctx, body }) => {
    const { since, until, appIds = null } = body;
    const input = { since: Date.parse(since), until: Date.parse(until), apps: appIds };
    const { task, unresolved } = await aggregateApplications({ ctx, input });
    return accepted({ ...taskOut(task), unresolvedAppIds: unresolved });
  },
});
