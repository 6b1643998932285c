import { getStorage } from "../../domain/storage/get.ts";
import { StatsStorageOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const statsStorage = defineRoute({
  method: "GET",
  path: "/api/v1/stats/storage",
  operationId: "v1.statistics.storage",
  tag: "Statistics",
  summary: "Get disk usage and its forecast",
  description: "Covers the whole server. The retention settings define when data is deleted.",
  access: "organisation",
  permission: "read",
  responses: { 200: StatsStorageOut },
  handle: async ({ ctx }) => {
    const { size, forecast } = await getStorage({ ctx, input: null });
    return ok({ ...size, ...forecast });
  },
});
