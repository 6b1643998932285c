import { getReconciliation as getVerb } from "../../domain/backfill/settings.ts";
import { ReconciliationOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { reconciliationOut } from "./wire.ts";

export const getReconciliation = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/reconcile",
  operationId: "v1.ingest.reconcile.get",
  tag: "Reconcile",
  summary: "Get how a source is compared with what its provider sent",
  access: "organisation",
  responses: { 200: ReconciliationOut },
  handle: async ({ ctx, params }) => ok(reconciliationOut(await getVerb({ ctx, input: { source: params.source_id } }))),
});
