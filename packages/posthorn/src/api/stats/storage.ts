import { getStorage } from "../../domain/storage/get.ts";
import { StatsStorageOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const statsStorage = defineRoute({
  method: "GET",
  path: "/api/v1/stats/storage",
  operationId: "v1.statistics.storage",
  tag: "Statistics",
  summary: "How much is stored, and when the disk is full",
  description: "Of the whole server. What is deleted when is said by the retention settings.",
  access: "organisation",
  responses: { 200: StatsStorageOut },
  handle: async ({ ctx }) => {
    const { size, forecast } = await getStorage({ ctx, input: null });
    return ok({ ...size, ...forecast });
  },
});
