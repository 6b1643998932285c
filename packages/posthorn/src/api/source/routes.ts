/** Routes of sources, their endpoints and their quarantine. */
import { createSource } from "./create.ts";
import { listSources } from "./list.ts";
import { getSource } from "./get.ts";
import { upsertSource } from "./upsert.ts";
import { deleteSource } from "./delete.ts";
import { rotateToken } from "./rotate-token.ts";
import { addSecret } from "./add-secret.ts";
import { listSecrets } from "./list-secrets.ts";
import { deleteSourceSecret } from "./delete-secret.ts";
import { createSourceEndpoint } from "../source-endpoint/create.ts";
import { listSourceEndpoints } from "../source-endpoint/list.ts";
import { getSourceEndpoint } from "../source-endpoint/get.ts";
import { upsertSourceEndpoint } from "../source-endpoint/upsert.ts";
import { deleteSourceEndpoint } from "../source-endpoint/delete.ts";
import { getSourceEndpointSecret } from "../source-endpoint/get-secret.ts";
import { rotateSourceEndpointSecret } from "../source-endpoint/rotate-secret.ts";
import { getSourceEndpointHeaders } from "../source-endpoint/get-headers.ts";
import { setSourceEndpointHeaders } from "../source-endpoint/set-headers.ts";
import { getForwarding } from "../source-endpoint/get-forwarding.ts";
import { setForwarding } from "../source-endpoint/set-forwarding.ts";
import { listQuarantine } from "../quarantine/list.ts";
import { getQuarantined } from "../quarantine/get.ts";
import { releaseQuarantined } from "../quarantine/release.ts";
import { deleteQuarantined } from "../quarantine/delete.ts";
import { diagnoseQuarantined } from "../quarantine/diagnose.ts";
import { sourceDashboard } from "./dashboard.ts";
import { listEvents } from "./list-events.ts";
import { getEvent } from "./get-event.ts";
import { getDuplicates } from "./get-duplicates.ts";
import { getFunnel } from "./get-funnel.ts";
import { sourceGraph } from "./graph.ts";
import { listTypes } from "./list-types.ts";
import { listSourceKinds } from "./list-kinds.ts";
import { listTableSources } from "./list-table-sources.ts";
import { getState } from "./get-state.ts";
import { pollSource } from "./poll.ts";
import { pauseSource } from "./pause.ts";
import { resumeSource } from "./resume.ts";
import { sendSample } from "./sample.ts";
import { testSource } from "./test.ts";
import { listDueTimes } from "./due-times.ts";
import { getSourceTransformation } from "../source-endpoint/get-transformation.ts";
import { patchSourceTransformation } from "../source-endpoint/patch-transformation.ts";
import type { Route } from "../route.ts";

export const SOURCE_ROUTES: readonly Route[] = [
  createSource,
  listSources,
  getSource,
  upsertSource,
  deleteSource,
  rotateToken,
  addSecret,
  listSecrets,
  deleteSourceSecret,
  createSourceEndpoint,
  listSourceEndpoints,
  getSourceEndpoint,
  upsertSourceEndpoint,
  deleteSourceEndpoint,
  getSourceEndpointSecret,
  rotateSourceEndpointSecret,
  getSourceEndpointHeaders,
  setSourceEndpointHeaders,
  getForwarding,
  setForwarding,
  listQuarantine,
  getQuarantined,
  releaseQuarantined,
  deleteQuarantined,
  diagnoseQuarantined,
  sourceDashboard,
  listEvents,
  getEvent,
  getDuplicates,
  getFunnel,
  sourceGraph,
  listTypes,
  listSourceKinds,
  listTableSources,
  getState,
  pollSource,
  pauseSource,
  resumeSource,
  listDueTimes,
  sendSample,
  testSource,
  getSourceTransformation,
  patchSourceTransformation,
];
