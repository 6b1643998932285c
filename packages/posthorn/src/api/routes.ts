/** All routes of the API that require a token. */
import { organisationRoutes } from "./organisation/routes.ts";
import { templateRoutes } from "./template/routes.ts";
import { IDENTITY_ROUTES } from "./user/identity-routes.ts";
import { CONNECTED_CLIENT_ROUTES } from "./connected-client/routes.ts";
import { USER_ROUTES } from "./user/routes.ts";
import { watchRoutes } from "./watch/routes.ts";
import { FEED_ROUTES } from "./feed/routes.ts";
import { LISTEN_TOKEN_ROUTES } from "./relay/listen-tokens.ts";
import { RELAY_ROUTES } from "./relay/routes.ts";
import { ALERT_RECIPIENT_ROUTES } from "./alert-recipient/routes.ts";
import { PORTAL_KEY_ROUTES } from "./portal-key/routes.ts";
import { REST_HOOK_ROUTES } from "./rest-hook/routes.ts";
import { WEBSUB_REQUEST_ROUTES } from "./websub/requests.ts";
import { WEBSUB_SUBSCRIPTION_ROUTES } from "./websub/subscriptions.ts";
import { TOPIC_ROUTES } from "./websub/topics.ts";
import { createApplication } from "./application/create.ts";
import { deleteApplication } from "./application/delete.ts";
import { getApplicationEgress } from "./application/get-egress.ts";
import { setApplicationEgress } from "./application/set-egress.ts";
import { getApplicationRetention } from "./application/get-retention.ts";
import { setApplicationRetention } from "./application/set-retention.ts";
import { getApplication } from "./application/get.ts";
import { listApplications } from "./application/list.ts";
import { patchApplication } from "./application/patch.ts";
import { upsertApplication } from "./application/upsert.ts";
import { getCluster } from "./cluster/get.ts";
import { exportMessagesRoute } from "./message/export.ts";
import { ERASURE_ROUTES } from "./erasure/routes.ts";
import { getDeliveryPause } from "./delivery-pause/get.ts";
import { resumeDeliveries } from "./delivery-pause/resume.ts";
import { getEncryption } from "./encryption/get.ts";
import { rotateEncryptionKeys } from "./encryption/rotate.ts";
import { verifyEncryption } from "./encryption/verify.ts";
import { createEventType } from "./event-type/create.ts";
import { deleteEventType } from "./event-type/delete.ts";
import { importOpenApi } from "./event-type/import-openapi.ts";
import { getEventType } from "./event-type/get.ts";
import { listEventTypes } from "./event-type/list.ts";
import { patchEventType } from "./event-type/patch.ts";
import { upsertEventType } from "./event-type/upsert.ts";
import { createDestination } from "./destination/create.ts";
import { deleteDestination } from "./destination/delete.ts";
import { getDestination } from "./destination/get.ts";
import { getDestinationTransformation } from "./destination/get-transformation.ts";
import { listDestinations } from "./destination/list.ts";
import { patchDestination } from "./destination/patch.ts";
import { patchDestinationTransformation } from "./destination/patch-transformation.ts";
import { upsertDestination } from "./destination/upsert.ts";
import { listDestinationKinds } from "./destination/list-kinds.ts";
import { previewDestinationKind } from "./destination/preview-kind.ts";
import { bulkReplay } from "./endpoint/bulk-replay.ts";
import { createEndpoint } from "./endpoint/create.ts";
import { deleteEgress } from "./endpoint/delete-egress.ts";
import { deleteEndpoint } from "./endpoint/delete.ts";
import { getEgress } from "./endpoint/get-egress.ts";
import { getHeaders } from "./endpoint/get-headers.ts";
import { getSecret } from "./endpoint/get-secret.ts";
import { getVerification } from "./endpoint/get-verification.ts";
import { getEndpoint } from "./endpoint/get.ts";
import { listEndpoints } from "./endpoint/list.ts";
import { patchHeaders } from "./endpoint/patch-headers.ts";
import { patchEndpoint } from "./endpoint/patch.ts";
import { recoverEndpoint } from "./endpoint/recover.ts";
import { replayMissing } from "./endpoint/replay-missing.ts";
import { rotateSecret } from "./endpoint/rotate-secret.ts";
import { sendExample } from "./endpoint/send-example.ts";
import { setEgress } from "./endpoint/set-egress.ts";
import { setHeaders } from "./endpoint/set-headers.ts";
import { attemptStats } from "./endpoint/attempt-stats.ts";
import { endpointStats } from "./endpoint/stats.ts";
import { enableEndpoint } from "./endpoint/enable.ts";
import { getState } from "./endpoint/get-state.ts";
import { pauseEndpoint } from "./endpoint/pause.ts";
import { resumeEndpoint } from "./endpoint/resume.ts";
import { unblockEndpoint } from "./endpoint/unblock.ts";
import { tryNow } from "./endpoint/try-now.ts";
import { testEndpoint } from "./endpoint/test.ts";
import { upsertEndpoint } from "./endpoint/upsert.ts";
import { verify } from "./endpoint/verify.ts";
import { bulkExpungeContent } from "./message/bulk-expunge-content.ts";
import { cancelMessageAtEndpoint } from "./message/cancel-at-endpoint.ts";
import { cancelMessage } from "./message/cancel.ts";
import { createMessageBatchOfAll } from "./message/create-batch-of-all.ts";
import { createMessageBatch } from "./message/create-batch.ts";
import { precheckMessage } from "./message/precheck.ts";
import { createMessage } from "./message/create.ts";
import { expungeAllContents } from "./message/expunge-all-contents.ts";
import { expungeMessageContent } from "./message/expunge-content.ts";
import { getMessage } from "./message/get.ts";
import { listDeliveries } from "./message/list-deliveries.ts";
import { listMessages } from "./message/list.ts";
import { searchMessages } from "./message/search.ts";
import { messageStats } from "./message/stats.ts";
import { expungeAttemptContent } from "./attempt/expunge-content.ts";
import { getAttempt } from "./attempt/get.ts";
import { listAttemptedDestinations } from "./attempt/list-attempted-destinations.ts";
import { listAttemptedMessages } from "./attempt/list-attempted-messages.ts";
import { listAttemptsByEndpoint } from "./attempt/list-by-endpoint.ts";
import { listAttemptsByMessage } from "./attempt/list-by-msg.ts";
import { resend } from "./attempt/resend.ts";
import { checkUrl } from "./portal/check-url.ts";
import { getPortal } from "./portal/get.ts";
import { appPortalAccess } from "./auth/app-portal-access.ts";
import { dashboardAccess } from "./auth/dashboard-access.ts";
import { applicationStatsSeries } from "./stats/series-of-application.ts";
import { applicationStatsSummary } from "./stats/summary-of-application.ts";
import { statsApplications } from "./stats/applications.ts";
import { statsNow } from "./stats/now.ts";
import { cancelBroadcast } from "./broadcast/cancel.ts";
import { createBroadcast } from "./broadcast/create.ts";
import { aggregateAppStats } from "./stats/aggregate-app-stats.ts";
import { aggregateEventTypes } from "./stats/aggregate-event-types.ts";
import { statsStorage } from "./stats/storage.ts";
import { statsSeries } from "./stats/series.ts";
import { statsSummary } from "./stats/summary.ts";
import { createKey } from "./auth/create-key.ts";
import { expireAll } from "./auth/expire-all.ts";
import { getKey } from "./auth/get-key.ts";
import { patchKey } from "./auth/patch-key.ts";
import { listKeys } from "./auth/list-keys.ts";
import { logout } from "./auth/logout.ts";
import { revokeKey } from "./auth/revoke-key.ts";
import { createOperationalEndpoint } from "./operational-webhook/create.ts";
import { deleteOperationalEndpoint } from "./operational-webhook/delete.ts";
import { getOperationalHeaders } from "./operational-webhook/get-headers.ts";
import { getOperationalSecret } from "./operational-webhook/get-secret.ts";
import { getOperationalEndpoint } from "./operational-webhook/get.ts";
import { listOperationalAttempts } from "./operational-webhook/list-attempts.ts";
import { listOperationalEndpoints } from "./operational-webhook/list.ts";
import { rotateOperationalSecret } from "./operational-webhook/rotate-secret.ts";
import { setOperationalHeaders } from "./operational-webhook/set-headers.ts";
import { upsertOperationalEndpoint } from "./operational-webhook/upsert.ts";
import { checkEgress } from "./overview/check-egress.ts";
import { listIssues } from "./overview/list-issues.ts";
import { listAllEndpoints } from "./endpoint/list-all.ts";
import { search } from "./search/search.ts";
import { createAlertRule } from "./alert/create-rule.ts";
import { deleteAlertRule } from "./alert/delete-rule.ts";
import { getAlertRule } from "./alert/get-rule.ts";
import { listAlertRules } from "./alert/list-rules.ts";
import { listAlerts } from "./alert/list.ts";
import { patchAlertRule } from "./alert/patch-rule.ts";
import { testAlertRule } from "./alert/test-rule.ts";
import { addIncidentNote } from "./incident/add-note.ts";
import { getIncident } from "./incident/get.ts";
import { listIncidents } from "./incident/list.ts";
import { patchIncident } from "./incident/patch.ts";
import { cancelAnyReplay } from "./replay/cancel-any.ts";
import { cancelReplay } from "./replay/cancel.ts";
import { createAcrossReplay } from "./replay/create-across.ts";
import { createReplay } from "./replay/create.ts";
import { dryRunAcrossReplay } from "./replay/dry-run-across.ts";
import { dryRunReplay } from "./replay/dry-run.ts";
import { getAnyReplay } from "./replay/get-any.ts";
import { getReplay } from "./replay/get.ts";
import { listAllReplays } from "./replay/list-all.ts";
import { listReplays } from "./replay/list.ts";
import { pauseAnyReplay } from "./replay/pause-any.ts";
import { pauseReplay } from "./replay/pause.ts";
import { resumeAnyReplay } from "./replay/resume-any.ts";
import { resumeReplay } from "./replay/resume.ts";
import { getApplicationPolicy } from "./policy/get-application-policy.ts";
import { getEndpointPolicy } from "./policy/get-endpoint-policy.ts";
import { patchApplicationPolicy } from "./policy/patch-application-policy.ts";
import { patchEndpointPolicy } from "./policy/patch-endpoint-policy.ts";
import { setApplicationPolicy } from "./policy/set-application-policy.ts";
import { setEndpointPolicy } from "./policy/set-endpoint-policy.ts";
import { getTask } from "./task/get.ts";
import { listTasks } from "./task/list.ts";
import { getTransformation } from "./endpoint/get-transformation.ts";
import { patchTransformation } from "./endpoint/patch-transformation.ts";
import { tryMessage } from "./endpoint/try-message.ts";
import { deleteFilter } from "./endpoint/delete-filter.ts";
import { dryRunEndpointFilter } from "./endpoint/dry-run-filter.ts";
import { explainEndpointFilter } from "./endpoint/explain-filter.ts";
import { getFilter } from "./endpoint/get-filter.ts";
import { setFilter } from "./endpoint/set-filter.ts";
import { explainFilter } from "./filter/explain.ts";
import { messageMatching } from "./message/matching.ts";
import { AUDIT_ROUTES } from "./audit/routes.ts";
import { REQUEST_LOG_ROUTES } from "./request-log/routes.ts";
import { REDACTION_ROUTES } from "./redaction/routes.ts";
import { SAVED_VIEW_ROUTES } from "./saved-view/routes.ts";
import { SHARE_ROUTES } from "./share/routes.ts";
import { SOURCE_ROUTES } from "./source/routes.ts";
import { SOURCE_MONITORING_ROUTES } from "./source/monitoring-routes.ts";
import type { Route } from "./route.ts";

export const ROUTES: readonly Route[] = [
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  patchApplication,
  upsertApplication,
  getApplicationEgress,
  setApplicationEgress,
  getApplicationRetention,
  setApplicationRetention,
  createEventType,
  deleteEventType,
  getEventType,
  importOpenApi,
  listEventTypes,
  patchEventType,
  upsertEventType,
  listDestinationKinds,
  createDestination,
  deleteDestination,
  getDestination,
  getDestinationTransformation,
  listDestinations,
  patchDestination,
  patchDestinationTransformation,
  upsertDestination,
  previewDestinationKind,
  createEndpoint,
  deleteEndpoint,
  getHeaders,
  getSecret,
  getEndpoint,
  listEndpoints,
  patchHeaders,
  patchEndpoint,
  recoverEndpoint,
  replayMissing,
  rotateSecret,
  sendExample,
  setHeaders,
  endpointStats,
  attemptStats,
  getState,
  tryNow,
  pauseEndpoint,
  resumeEndpoint,
  enableEndpoint,
  unblockEndpoint,
  getEgress,
  setEgress,
  deleteEgress,
  getVerification,
  verify,
  testEndpoint,
  upsertEndpoint,
  getFilter,
  setFilter,
  getTransformation,
  patchTransformation,
  tryMessage,
  deleteFilter,
  dryRunEndpointFilter,
  explainEndpointFilter,
  explainFilter,
  createMessage,
  createMessageBatch,
  cancelMessage,
  precheckMessage,
  cancelMessageAtEndpoint,
  createMessageBatchOfAll,
  expungeMessageContent,
  getMessage,
  listDeliveries,
  listMessages,
  searchMessages,
  messageStats,
  messageMatching,
  expungeAttemptContent,
  getAttempt,
  listAttemptedDestinations,
  listAttemptedMessages,
  listAttemptsByEndpoint,
  listAttemptsByMessage,
  resend,
  appPortalAccess,
  dashboardAccess,
  getPortal,
  checkUrl,
  createKey,
  listKeys,
  getKey,
  patchKey,
  logout,
  revokeKey,
  expireAll,
  bulkExpungeContent,
  expungeAllContents,
  bulkReplay,
  createReplay,
  dryRunReplay,
  listReplays,
  listAllReplays,
  getReplay,
  pauseReplay,
  resumeReplay,
  cancelReplay,
  listAlerts,
  listAlertRules,
  createAlertRule,
  getAlertRule,
  patchAlertRule,
  deleteAlertRule,
  testAlertRule,
  listIncidents,
  getIncident,
  patchIncident,
  addIncidentNote,
  createAcrossReplay,
  dryRunAcrossReplay,
  getAnyReplay,
  pauseAnyReplay,
  resumeAnyReplay,
  cancelAnyReplay,
  getApplicationPolicy,
  getEndpointPolicy,
  patchApplicationPolicy,
  patchEndpointPolicy,
  setApplicationPolicy,
  setEndpointPolicy,
  statsSummary,
  statsSeries,
  statsNow,
  statsApplications,
  statsStorage,
  getCluster,
  getDeliveryPause,
  resumeDeliveries,
  getEncryption,
  ...ERASURE_ROUTES,
  exportMessagesRoute,
  rotateEncryptionKeys,
  verifyEncryption,
  aggregateEventTypes,
  aggregateAppStats,
  createBroadcast,
  cancelBroadcast,
  applicationStatsSummary,
  applicationStatsSeries,
  getTask,
  listTasks,
  listIssues,
  search,
  listAllEndpoints,
  checkEgress,
  createOperationalEndpoint,
  deleteOperationalEndpoint,
  getOperationalEndpoint,
  getOperationalHeaders,
  getOperationalSecret,
  listOperationalAttempts,
  listOperationalEndpoints,
  rotateOperationalSecret,
  setOperationalHeaders,
  upsertOperationalEndpoint,
  ...AUDIT_ROUTES,
  ...REQUEST_LOG_ROUTES,
  ...SAVED_VIEW_ROUTES,
  ...SHARE_ROUTES,
  ...REDACTION_ROUTES,
  ...FEED_ROUTES,
  ...TOPIC_ROUTES,
  ...WEBSUB_SUBSCRIPTION_ROUTES,
  ...WEBSUB_REQUEST_ROUTES,
  ...RELAY_ROUTES,
  ...LISTEN_TOKEN_ROUTES,
  ...REST_HOOK_ROUTES,
  ...PORTAL_KEY_ROUTES,
  ...ALERT_RECIPIENT_ROUTES,
  ...watchRoutes,
  ...templateRoutes,
  ...SOURCE_ROUTES,
  ...SOURCE_MONITORING_ROUTES,
  ...USER_ROUTES,
  ...CONNECTED_CLIENT_ROUTES,
  ...IDENTITY_ROUTES,
  ...organisationRoutes,
];
