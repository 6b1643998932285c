import type { Route } from "../route.ts";
import { createWatch } from "./create.ts";
import { deleteWatch } from "./delete.ts";
import { dryRunWatch } from "./dry-run.ts";
import { getWatchKey } from "./get-key.ts";
import { getWatch } from "./get.ts";
import { listWatchKeys } from "./list-keys.ts";
import { listWatchTransitions } from "./list-transitions.ts";
import { listAllWatches, listWatches } from "./list.ts";
import { patchWatch } from "./patch.ts";
import { resetWatchKey } from "./reset-key.ts";
import { updateWatch } from "./update.ts";

export const watchRoutes: readonly Route[] = [
  listWatches,
  listAllWatches,
  createWatch,
  dryRunWatch,
  getWatch,
  updateWatch,
  patchWatch,
  deleteWatch,
  listWatchKeys,
  getWatchKey,
  resetWatchKey,
  listWatchTransitions,
];
