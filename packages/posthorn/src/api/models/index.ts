/** All named models of the API. */
import { AUDIT_MODELS } from "./audit.ts";
import { REQUEST_LOG_MODELS } from "./request-log.ts";
import { EXPORT_MODELS } from "./export.ts";
import { ERASURE_MODELS } from "./erasure.ts";
import { REDACTION_MODELS } from "./redaction.ts";
import { SAVED_VIEW_MODELS } from "./saved-view.ts";
import { SHARE_MODELS } from "./share.ts";
import { TEMPLATE_MODELS } from "./template.ts";
import { SIGN_IN_MODELS } from "./sign-in.ts";
import { USER_MODELS } from "./user.ts";
import { CONNECTED_CLIENT_MODELS } from "./connected-client.ts";
import { ORGANISATION_MODELS } from "./organisation.ts";
import { WATCH_MODELS } from "./watch.ts";
import { COMPATIBLE_DESTINATION_MODELS } from "./destination.ts";
import { DESTINATION_MODELS } from "./destination-kind.ts";
import { SOURCE_KIND_MODELS } from "./source-kind.ts";
import { DestinationPreviewIn, DestinationPreviewOut } from "./destination-preview.ts";
import { EndpointTestOut } from "./endpoint-test.ts";
import { CLUSTER_MODELS } from "./cluster.ts";
import { DELIVERY_PAUSE_MODELS } from "./delivery-pause.ts";
import { ENCRYPTION_MODELS } from "./encryption.ts";
import type { TSchema } from "typebox";
import {
  ApplicationEgress,
  ApplicationEgressIn,
  ApplicationRetention,
  ApplicationRetentionIn,
  ApplicationIn,
  ApplicationList,
  ApplicationOut,
  ApplicationPatch,
} from "./application.ts";
import { AttemptDetail, SentBody } from "./attempt-detail.ts";
import { TraceOut } from "./trace.ts";
import { MessageDeliveryList, MessageDeliveryOut } from "./delivery.ts";
import {
  ApiKeyCreated,
  ApiKeyIn,
  ApiKeyList,
  ApiKeyOut,
  ApiKeyPatch,
  AppPortalAccessIn,
  AppPortalAccessOut,
  PortalOut,
  UrlCheckIn,
  UrlCheckOut,
} from "./auth.ts";
import { EmptyResponse, HttpError, HttpValidationError } from "./common.ts";
import {
  EndpointHeadersIn,
  EndpointHeadersOut,
  EndpointHeadersPatchIn,
  EndpointIn,
  EndpointList,
  EndpointOut,
  EndpointPatch,
  EndpointSecretOut,
  EndpointSecretRotateIn,
  EndpointAttemptStats,
  EndpointStats,
  EndpointUpsertIn,
  EventExampleIn,
  MessageStats,
  RecoverIn,
} from "./endpoint.ts";
import {
  EndpointEgressIn,
  EndpointEgressOut,
  EndpointVerificationOut,
  EndpointVerifyIn,
  EndpointVerifyOut,
} from "./endpoint-egress.ts";
import { AUTO_CONFIG_MODELS } from "./auto-config.ts";
import { FEED_MODELS } from "./feed.ts";
import { RELAY_MODELS } from "./relay.ts";
import { BACKFILL_MODELS } from "./backfill.ts";
import { CATALOGUE_MODELS } from "./catalogue.ts";
import { SOURCE_ACTIVITY_MODELS } from "./source-activity.ts";
import { IMPORT_MODELS } from "./event-type-import.ts";
import { EventTypeIn, EventTypeList, EventTypeOut, EventTypePatch, EventTypeUpsertIn } from "./event-type.ts";
import {
  EndpointFilterDryRunIn,
  EndpointFilterDryRunOut,
  EndpointFilterExplainIn,
  EndpointFilterIn,
  EndpointFilterOut,
  FilterExplainIn,
  FilterExplanationOut,
  MessageMatchingOut,
} from "./filter.ts";
import {
  CancelOut,
  EndpointMessageList,
  EndpointMessageOut,
  MessageAttemptList,
  MessageAttemptOut,
  MessageEndpointList,
  MessageEndpointOut,
  MessageIn,
  MessageList,
  MessageOut,
} from "./message.ts";
import {
  OperationalWebhookEndpointHeadersIn,
  OperationalWebhookEndpointHeadersOut,
  OperationalWebhookEndpointIn,
  OperationalWebhookEndpointList,
  OperationalWebhookEndpointOut,
  OperationalWebhookEndpointSecretIn,
  OperationalWebhookEndpointSecretOut,
  OperationalWebhookEndpointUpsertIn,
} from "./operational-webhook.ts";
import { STATE_MODELS } from "./endpoint-state.ts";
import { ALERT_MODELS } from "./alert.ts";
import { ALERT_RECIPIENT_MODELS } from "./alert-recipient.ts";
import { INCIDENT_MODELS } from "./incident.ts";
import { OVERVIEW_MODELS } from "./overview.ts";
import { SEARCH_MODELS } from "./search.ts";
import { ENDPOINT_LIST_MODELS } from "./endpoint-list.ts";
import { POLICY_MODELS } from "./policy/policy.ts";
import { ACROSS_MODELS } from "./replay-across.ts";
import { REPLAY_MODELS } from "./replay.ts";
import { MessagePrecheckIn, MessagePrecheckOut } from "./message-precheck.ts";
import { BATCH_MODELS } from "./message-batch.ts";
import { STATS_MODELS } from "./stats.ts";
import { TRANSFORMATION_MODELS } from "./transformation.ts";
import { USAGE_MODELS } from "./usage.ts";
import { SUBSCRIPTION_MODELS } from "./subscription.ts";
import { PORTAL_KEY_MODELS } from "./portal-key.ts";
import { BROADCAST_MODELS } from "./broadcast.ts";
import { BackgroundTaskList, BackgroundTaskOut, RecoverOut, ReplayOut } from "./task.ts";
import { SOURCE_MODELS } from "./source-models.ts";

export const MODELS: readonly TSchema[] = [
  HttpError,
  HttpValidationError,
  EmptyResponse,
  ApplicationIn,
  ApplicationPatch,
  ApplicationOut,
  ApplicationList,
  ApplicationEgress,
  ApplicationEgressIn,
  ApplicationRetention,
  ApplicationRetentionIn,
  EventTypeIn,
  EventTypeUpsertIn,
  EventTypePatch,
  EventTypeOut,
  EventTypeList,
  ...IMPORT_MODELS,
  ...CATALOGUE_MODELS,
  ...SOURCE_ACTIVITY_MODELS,
  ...BACKFILL_MODELS,
  ...DESTINATION_MODELS,
  ...SOURCE_KIND_MODELS,
  ...COMPATIBLE_DESTINATION_MODELS,
  DestinationPreviewIn,
  DestinationPreviewOut,
  EndpointIn,
  EndpointUpsertIn,
  EndpointPatch,
  EndpointOut,
  EndpointList,
  EndpointSecretOut,
  EndpointSecretRotateIn,
  EndpointHeadersIn,
  EndpointHeadersPatchIn,
  EndpointHeadersOut,
  EndpointEgressIn,
  EndpointEgressOut,
  EndpointVerificationOut,
  EndpointVerifyIn,
  EndpointVerifyOut,
  ...STATE_MODELS,
  ...OVERVIEW_MODELS,
  ...SEARCH_MODELS,
  ...ENDPOINT_LIST_MODELS,
  ...CLUSTER_MODELS,
  ...DELIVERY_PAUSE_MODELS,
  ...ENCRYPTION_MODELS,
  ...POLICY_MODELS,
  EndpointAttemptStats,
  EndpointStats,
  MessageStats,
  RecoverIn,
  EventExampleIn,
  MessageIn,
  ...BATCH_MODELS,
  MessagePrecheckIn,
  MessagePrecheckOut,
  CancelOut,
  MessageOut,
  MessageList,
  EndpointMessageOut,
  EndpointMessageList,
  MessageEndpointOut,
  MessageEndpointList,
  MessageDeliveryOut,
  MessageDeliveryList,
  SentBody,
  AttemptDetail,
  TraceOut,
  MessageAttemptOut,
  MessageAttemptList,
  EndpointTestOut,
  EndpointFilterIn,
  EndpointFilterOut,
  EndpointFilterDryRunIn,
  EndpointFilterDryRunOut,
  EndpointFilterExplainIn,
  FilterExplainIn,
  FilterExplanationOut,
  MessageMatchingOut,
  ...TRANSFORMATION_MODELS,
  AppPortalAccessIn,
  AppPortalAccessOut,
  PortalOut,
  UrlCheckIn,
  UrlCheckOut,
  ApiKeyIn,
  ApiKeyPatch,
  ApiKeyOut,
  ApiKeyCreated,
  ApiKeyList,
  RecoverOut,
  ReplayOut,
  BackgroundTaskOut,
  BackgroundTaskList,
  OperationalWebhookEndpointIn,
  OperationalWebhookEndpointUpsertIn,
  OperationalWebhookEndpointOut,
  OperationalWebhookEndpointList,
  OperationalWebhookEndpointSecretIn,
  OperationalWebhookEndpointSecretOut,
  OperationalWebhookEndpointHeadersIn,
  OperationalWebhookEndpointHeadersOut,
  ...REPLAY_MODELS,
  ...ACROSS_MODELS,
  ...INCIDENT_MODELS,
  ...ALERT_MODELS,
  ...ALERT_RECIPIENT_MODELS,
  ...SOURCE_MODELS,
  ...STATS_MODELS,
  ...USAGE_MODELS,
  ...BROADCAST_MODELS,
  ...FEED_MODELS,
  ...RELAY_MODELS,
  ...AUTO_CONFIG_MODELS,
  ...SUBSCRIPTION_MODELS,
  ...PORTAL_KEY_MODELS,
  ...WATCH_MODELS,
  ...AUDIT_MODELS,
  ...REQUEST_LOG_MODELS,
  ...ORGANISATION_MODELS,
  ...SAVED_VIEW_MODELS,
  ...SHARE_MODELS,
  ...ERASURE_MODELS,
  ...REDACTION_MODELS,
  ...EXPORT_MODELS,
  ...TEMPLATE_MODELS,
  ...USER_MODELS,
  ...CONNECTED_CLIENT_MODELS,
  ...SIGN_IN_MODELS,
];
