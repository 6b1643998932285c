/** Routes for what Posthorn learns about a source (catalogue, activity) and for backfill. */
import { exportCatalogue } from "../catalogue/export.ts";
import { forgetCatalogueEntry } from "../catalogue/forget.ts";
import { getCatalogueEntry } from "../catalogue/get.ts";
import { listCatalogue } from "../catalogue/list.ts";
import { deleteBackfillSettings } from "../backfill/delete.ts";
import { getBackfillRun } from "../backfill/get-run.ts";
import { listBackfillRuns } from "../backfill/list-runs.ts";
import { getBackfillSettings } from "../backfill/get.ts";
import { runBackfill } from "../backfill/run.ts";
import { setBackfillSettings } from "../backfill/set.ts";
import { getActivity } from "../activity/get.ts";
import { setActivity } from "../activity/set.ts";
import type { Route } from "../route.ts";

export const SOURCE_MONITORING_ROUTES: readonly Route[] = [
  listCatalogue,
  exportCatalogue,
  getCatalogueEntry,
  forgetCatalogueEntry,
  getActivity,
  setActivity,
  getBackfillSettings,
  setBackfillSettings,
  deleteBackfillSettings,
  runBackfill,
  listBackfillRuns,
  getBackfillRun,
];
