import { setReconciliation as setVerb } from "../../domain/backfill/settings.ts";
import { ReconciliationIn, ReconciliationOut } from "../models/catalogue.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { reconciliationOf, reconciliationOut } from "./wire.ts";

export const setReconciliation = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/reconcile",
  operationId: "v1.ingest.reconcile.update",
  tag: "Reconcile",
  summary: "Set how a source is compared with what its provider sent",
  description: "The token is kept encrypted and never shown.",
  access: "organisation",
  body: ReconciliationIn,
  responses: { 200: ReconciliationOut },
  handle: async ({ ctx, params, body }) =>
    ok(reconciliationOut(await setVerb({ ctx, input: reconciliationOf(params.source_id, body) }))),
});
