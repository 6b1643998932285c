/** Every route of what is learned from the traffic of sources, and of reconciliation. */
import { exportCatalogue } from "../catalogue/export.ts";
import { forgetCatalogueEntry } from "../catalogue/forget.ts";
import { getCatalogueEntry } from "../catalogue/get.ts";
import { listCatalogue } from "../catalogue/list.ts";
import { deleteReconciliation } from "../reconcile/delete.ts";
import { getReconcileRun } from "../reconcile/get-run.ts";
import { listReconcileRuns } from "../reconcile/list-runs.ts";
import { getReconciliation } from "../reconcile/get.ts";
import { runReconciliation } from "../reconcile/run.ts";
import { setReconciliation } from "../reconcile/set.ts";
import { getRhythm } from "../rhythm/get.ts";
import { setRhythm } from "../rhythm/set.ts";
import type { Route } from "../route.ts";

export const SOURCE_WATCH_ROUTES: readonly Route[] = [
  listCatalogue,
  exportCatalogue,
  getCatalogueEntry,
  forgetCatalogueEntry,
  getRhythm,
  setRhythm,
  getReconciliation,
  setReconciliation,
  deleteReconciliation,
  runReconciliation,
  listReconcileRuns,
  getReconcileRun,
];
