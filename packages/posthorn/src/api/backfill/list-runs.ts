import { Type } from "typebox";
import { listBackfillTasks } from "../../domain/backfill/run.ts";
import { pageOf } from "../inputs.ts";
import { BackfillRunList } from "../models/backfill.ts";
import { PageQuery } from "../models/common.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backfillRunOut } from "./wire.ts";

export const listBackfillRuns = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/backfill/run",
  operationId: "v1.ingest.backfill.listRuns",
  tag: "Backfill",
  summary: "List backfill runs, newest first",
  description: "Each run shows the period it covered, and how many events were missing.",
  access: "organisation",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: BackfillRunList },
  handle: async ({ ctx, params, query }) => {
    const page = await listBackfillTasks({ ctx, input: { ...pageOf(query), source: params.source_id } });
    return list(page, (row) => row.id, backfillRunOut);
  },
});
