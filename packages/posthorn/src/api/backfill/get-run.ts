import { getReconcileTask } from "../../domain/backfill/run.ts";
import { ReconcileRunOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { reconcileRunOut } from "./wire.ts";

export const getReconcileRun = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/reconcile/run/:task_id",
  operationId: "v1.ingest.reconcile.getRun",
  tag: "Reconcile",
  summary: "Get how far a run got",
  access: "organisation",
  responses: { 200: ReconcileRunOut },
  handle: async ({ ctx, params }) =>
    ok(reconcileRunOut(await getReconcileTask({ ctx, input: { source: params.source_id, task: params.task_id } }))),
});
