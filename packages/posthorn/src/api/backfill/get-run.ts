import { getBackfillTask } from "../../domain/backfill/run.ts";
import { BackfillRunOut } from "../models/backfill.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backfillRunOut } from "./wire.ts";

export const getBackfillRun = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/backfill/run/:task_id",
  operationId: "v1.ingest.backfill.getRun",
  tag: "Backfill",
  summary: "Get a backfill run",
  description: "Returns the period it covers, its progress, and how many events were missing.",
  access: "organisation",
  permission: "read",
  responses: { 200: BackfillRunOut },
  handle: async ({ ctx, params }) =>
    ok(backfillRunOut(await getBackfillTask({ ctx, input: { source: params.source_id, task: params.task_id } }))),
});
