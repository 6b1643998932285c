import { Type } from "typebox";
import { listReconcileTasks } from "../../domain/backfill/run.ts";
import { pageOf } from "../inputs.ts";
import { ReconcileRunList } from "../models/catalogue.ts";
import { PageQuery } from "../models/common.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { reconcileRunOut } from "./wire.ts";

export const listReconcileRuns = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/reconcile/run",
  operationId: "v1.ingest.reconcile.listRuns",
  tag: "Reconcile",
  summary: "List runs, newest first",
  access: "organisation",
  query: Type.Object(PageQuery),
  responses: { 200: ReconcileRunList },
  handle: async ({ ctx, params, query }) => {
    const page = await listReconcileTasks({ ctx, input: { ...pageOf(query), source: params.source_id } });
    return list(page, (row) => row.id, reconcileRunOut);
  },
});
