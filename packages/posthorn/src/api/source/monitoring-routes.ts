/** Every route of what is learned from the traffic of sources, and of reconciliation. */
import { exportCatalogue } from "../catalogue/export.ts";
import { forgetCatalogueEntry } from "../catalogue/forget.ts";
import { getCatalogueEntry } from "../catalogue/get.ts";
import { listCatalogue } from "../catalogue/list.ts";
import { deleteReconciliation } from "../backfill/delete.ts";
import { getReconcileRun } from "../backfill/get-run.ts";
import { listReconcileRuns } from "../backfill/list-runs.ts";
import { getReconciliation } from "../backfill/get.ts";
import { runReconciliation } from "../backfill/run.ts";
import { setReconciliation } from "../backfill/set.ts";
import { getRhythm } from "../activity/get.ts";
import { setRhythm } from "../activity/set.ts";
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
