/**
 * Kysely types of all tables. Shared by both databases.
 *
 * Keys are the integers inside public IDs (see `id.ts`); a key also contains the time its row was created. Times are Unix milliseconds,
 * flags are 0 or 1, columns that end in `_json` contain JSON text, and columns that end in `_sealed` contain bytes encrypted by
 * `SecretBox`.
 */
import type {
  AlertRecipientStateTable,
  AlertRecipientTable,
  AlertRecipientTokenTable,
  AlertRuleTable,
  AlertTable,
} from "./alert-schema.ts";
import type { IncidentEndpointTable, IncidentNoteTable, IncidentSlotTable, IncidentTable } from "./incident-schema.ts";
import type { AuditEntryTable, AuditHeadTable } from "./audit-schema.ts";
import type { ApiRequestTable } from "./request-log-schema.ts";
import type { ExactBodyTable, RedactionKeyTable, RedactionRuleTable } from "./redaction-schema.ts";
import type { RollupCursorTable, RollupMinuteTable, RollupTable } from "./statistics-schema.ts";
import type { SavedViewDefaultTable, SavedViewTable } from "./saved-view-schema.ts";
import type { ShareLinkTable } from "./share-schema.ts";
import type { TaskPartTable, TaskTable } from "./task-schema.ts";
import type { ErasureTable, MessageErasureTable } from "./erasure-schema.ts";
import type { ApplicationRetentionTable, DeliveryPauseTable, StorageDayTable } from "./server-schema.ts";
import type { EncryptionKeyNodeTable, EncryptionKeyTable } from "./encryption-schema.ts";
import type { WatchEventTable, WatchKeyTable, WatchTable } from "./watch-schema.ts";
import type { Generated } from "kysely";
import type {
  AutoConfigTable,
  FeedConsumerTable,
  FeedLateTable,
  FeedLeaseTable,
  ScopedTokenTable,
} from "./feed-schema.ts";
import type { ConnectedClientTable, OauthClientTable } from "./connected-client-schema.ts";
import type { PortalKeyTable } from "./portal-key-schema.ts";
import type { ListenTokenTable, RelayFrameTable, RelaySessionTable } from "./relay-schema.ts";
import type {
  DeviceRequestTable,
  IdentityProviderTable,
  MembershipTable,
  PasskeyTable,
  PersonIdentityTable,
  PersonSessionTable,
  PersonTable,
  PersonTokenTable,
  SignInFailureTable,
} from "./people-schema.ts";
import type { SubscriptionTable, WebSubRequestTable, WebSubTopicTable } from "./subscription-schema.ts";
import type {
  CatalogueEntryTable,
  QuarantineTable,
  SourceBackfillTable,
  SourceDuplicateTable,
  SourceDuplicateTotalTable,
  SourceHourTable,
  SourceActivityTable,
  SourceRunTable,
  SourceSessionTable,
  SourceSecretTable,
  SourceTable,
  SourceTokenTable,
  IngestUptimeTable,
} from "./source-schema.ts";

/** State of a delivery. `sending` and `held` are not stored: the first is known in memory, the second follows from the endpoint. */
export const DELIVERY_STATE = { pending: 0, succeeded: 1, failed: 2, canceled: 3 } as const;
export type DeliveryState = (typeof DELIVERY_STATE)[keyof typeof DELIVERY_STATE];

/** Purpose of an application: for a customer, for operational webhooks, or for a source. */
export const APPLICATION_KIND = { customer: 0, operational: 1, source: 2 } as const;
export type ApplicationKind = (typeof APPLICATION_KIND)[keyof typeof APPLICATION_KIND];

/** Result of an attempt, numbered as in the HTTP API. */
export const ATTEMPT_STATUS = { success: 0, fail: 2 } as const;
export type AttemptStatus = (typeof ATTEMPT_STATUS)[keyof typeof ATTEMPT_STATUS];

/** Why a delivery was canceled. */
export const CANCEL_REASONS = [
  "requested",
  "expired",
  "debounced",
  "throttled",
  "endpoint_gone",
  "payload_gone",
  "erased",
  "discarded",
  "transformation",
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

/** What triggered an attempt, numbered as in the HTTP API. */
export const TRIGGER = { scheduled: 0, manual: 1 } as const;
export type Trigger = (typeof TRIGGER)[keyof typeof TRIGGER];

/** Who requested the attempt that is due. */
export const REQUESTED_BY = {
  schedule: 0,
  /** Sent even if an attempt in flight succeeds in the meantime. */
  resend: 1,
  /** Skipped if an attempt in flight succeeds in the meantime. */
  recovery: 2,
  /** Like `resend`, but in the order of its key, because many messages are sent again. */
  replay: 3,
} as const;

export interface OrganisationTable {
  id: Generated<number>;
  public_id: string;
  /** Empty: it has none. */
  name: Generated<string>;
  /** 1: users need a second factor. */
  requires_second_factor: Generated<number>;
  created_at: number;
}

export interface ApplicationTable {
  id: number;
  public_id: string;
  org_id: number;
  uid: string | null;
  name: string;
  throttle_rate: number | null;
  metadata_json: string;
  /** Allow list that replaces the platform's; `null`: the platform's applies. */
  egress_allow: string | null;
  /** One of `APPLICATION_KIND`. */
  kind: Generated<number>;
  /** Overrides of the platform's delivery policy for the endpoints of the application; `null`: none. */
  policy_json: string | null;
  /** Proxy for the endpoints of the application, as JSON; `null`: the platform's. */
  egress_sealed: Uint8Array | null;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
}

export interface EventTypeTable {
  id: number;
  org_id: number;
  name: string;
  description: string;
  archived: number;
  deprecated: number;
  schemas_json: string | null;
  feature_flags_json: string | null;
  group_name: string | null;
  created_at: number;
  updated_at: number;
}

export interface EndpointTable {
  id: number;
  public_id: string;
  app_id: number;
  uid: string | null;
  url: string;
  description: string;
  version: number;
  throttle_rate: number | null;
  disabled: number;
  event_types_json: string | null;
  channels_json: string | null;
  metadata_json: string;
  headers_sealed: Uint8Array | null;
  /** Credentials, TLS settings and proxy, as JSON; `null`: none. */
  egress_sealed: Uint8Array | null;
  /** Overrides of the application's delivery policy; `null`: none. */
  policy_json: string | null;
  /** Who disabled it, when and why; `null` while it is enabled, and for endpoints that were disabled before this was recorded. */
  disabled_json: string | null;
  /** Result of endpoint verification; `null`: not verified. */
  verification_json: string | null;
  /** The filter as entered; `null`: none. */
  filter_json: string | null;
  /** Code and variables, as JSON; `null`: none. */
  transformation_sealed: Uint8Array | null;
  transformation_enabled: Generated<number>;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  /** When a relay endpoint last had a listener. */
  listened_at: number | null;
  /** A pause, or the discarding of deliveries, as JSON; `null`: neither. */
  flow_json: Generated<string | null>;
  /** Task of a replay to a URL that this row is the target of; `null` for ordinary endpoints. No message matches such a row. */
  replay_task_id: Generated<number | null>;
  /** How inbound requests are forwarded; `null`: their body as a POST, with their original headers. */
  forward_json: Generated<string | null>;
  /** Name of its destination kind. */
  kind: Generated<string>;
  /** Configuration of its destination kind, as JSON; `null`: the kind has none. */
  config_sealed: Generated<Uint8Array | null>;
}

export interface EndpointSecretTable {
  id: number;
  endpoint_id: number;
  secret_sealed: Uint8Array;
  /** `null` for the current secret; for earlier ones, the end of the grace period. */
  expires_at: number | null;
}

export interface MessageTable {
  id: number;
  public_id: string;
  app_id: number;
  event_type: string;
  event_id: string | null;
  channels_json: string | null;
  tags_json: string | null;
  /** The bytes as published, or redacted; `null` once expunged or expired. */
  payload: Uint8Array | null;
  content_type: string;
  /** Set only when the message chose its own retention. */
  expires_at: number | null;
  deliver_at: number | null;
  /** Endpoints with ordered delivery receive messages with the same key in order. */
  ordering_key: string | null;
  /** Endpoints that did not match, and why; `null`: all matched. */
  unmatched_json: string | null;
  /** Method, path, query and headers of an inbound request; `null` for a published message. */
  request_json: string | null;
  /** The message is not delivered from this time on; `null`: no limit. */
  deliver_until: number | null;
  /** See `lib/trace-context.ts`; `null`: none. */
  trace_context: string | null;
  /** Size of the exact body, if the payload was redacted; `null`: it was not. */
  exact_bytes: number | null;
}

/** A channel or tag of a message, which makes messages searchable by it. Deleted together with its message. */
export interface MessageLabelTable {
  app_id: number;
  /** One of `LABEL_KIND`. */
  kind: number;
  name: string;
  message_id: number;
}

/** Messages whose `deliver_until` is in the future, or has passed but is not processed yet. */
export interface MessageDeadlineTable {
  deliver_until: number;
  message_id: number;
}

/** A message published within a transaction of the product, until the outbox relay turns it into a row of `message`. */
export interface OutboxTable {
  /** Key of the future message. */
  id: number;
  public_id: string;
  app_id: number;
  event_type: string;
  event_id: string | null;
  channels_json: string | null;
  tags_json: string | null;
  payload: Uint8Array;
  content_type: string;
  ordering_key: string | null;
  /** When the first attempts are due; `null`: immediately. */
  due: number | null;
  deliver_until: number | null;
  /** Alternative to `deliver_until`: time to live in milliseconds from when the first attempts are due. */
  ttl_ms: number | null;
  retention_ms: number | null;
  /** As the publisher gave it: it may be invalid. `null`: none. */
  trace_context: Generated<string | null>;
  /** Number of failed attempts to create the message. */
  failures: Generated<number>;
  /** Reason of the last failure. */
  error: string | null;
  /** Time of the next attempt to create the message; `null`: no pause. */
  retry_at: number | null;
  /** When it was parked, after which it is no longer attempted; `null`: not parked. */
  parked_at: number | null;
}

/** A message that was stored later than the time in its key, when the statistics had already read past that key. */
export interface LateMessageTable {
  id: number;
}

/** Why a delivery was canceled. The row remains when the delivery is made due again later. */
export interface CancellationTable {
  message_id: number;
  endpoint_id: number;
  /** One of `CANCEL_REASONS`. */
  reason: string;
  /** The newer message that replaced it. */
  by_message_id: number | null;
  at: number;
}

/** Debounce or throttle state of one key at one endpoint. */
export interface FlowStateTable {
  endpoint_id: number;
  /** `d` or `t`, then the key. */
  key: string;
  /** Debounce: the message whose delivery is pending. */
  message_id: number | null;
  /** Debounce: when the first message of the burst arrived. Throttle: when the window began. */
  since: number;
  /** Throttle: deliveries in the window. */
  used: number;
  /** When the row expires. */
  until: number;
}

/** The message that a broadcast publishes to each application. */
export interface BroadcastTable {
  task_id: number;
  message_json: string;
  /** Empty if it is in `payload_sealed`. */
  payload: Uint8Array;
  /** `null`: an earlier version stored the row. */
  payload_sealed: Uint8Array | null;
}

export interface DeliveryTable {
  message_id: number;
  endpoint_id: number;
  state: number;
  /** When the next attempt is due; `null`: no attempt will follow. */
  due: number | null;
  /** Scheduled attempts that counted so far, which is the position in the retry schedule. */
  attempts: number;
  /** Changes when an API call makes the row due, so that the outcome of an attempt in flight cannot undo that. */
  generation: number;
  /** Who requested the attempt that is due: one of `REQUESTED_BY`. */
  manual: number;
  /** The due time to restore if the manual attempt fails. */
  resume_due: number | null;
  /** The delivery waits for those of its endpoint with the same order key and a lower message key; `null`: for none. */
  order_key: Generated<string | null>;
  /** From this time on, later deliveries of its order key no longer wait for it; `null`: they wait while it has a due time. */
  pass_at: Generated<number | null>;
  /** 1: the payload of its message was redacted, so the delivery sends the exact body; `null`: it was not. */
  has_exact: Generated<number | null>;
}

export interface AttemptTable {
  id: number;
  public_id: string;
  message_id: number;
  endpoint_id: number;
  url: string;
  status: number;
  trigger_type: number;
  response_code: number;
  response: string;
  duration_ms: number;
  /** Error code when there was no usable response. */
  error_code: string | null;
  /** Further details: headers, phases, peer. */
  detail_json: string | null;
  /** 1: see `AttemptRecord.isImmediateSuccess`; `null`: it is not, or an earlier version stored the row. */
  immediate_success: Generated<number | null>;
}

export interface IdempotencyTable {
  bucket: number;
  hash: string;
  /** The message that was accepted under this key … */
  message_id: number | null;
  /** … or the status of the response to any other request; 0 while the request is still running. */
  status: number | null;
  /** The body of that response; while the request is still running, who claimed the key, and when. */
  body_sealed: Uint8Array | null;
}

export interface ApiKeyTable {
  id: number;
  public_id: string;
  org_id: number;
  name: string;
  hash: Uint8Array;
  created_at: number;
  expires_at: number | null;
  description: string;
  /** Names of permissions; `null`: all. */
  scopes_json: string | null;
  /** Keys of applications and sources; `null`: all. */
  applications_json: string | null;
  /** Networks from which the key may be used; `null`: any. */
  networks_json: string | null;
  /** Public ID of the user or key that created it; `null`: a token of the organisation did. */
  owner_id: string | null;
  /** To the minute. */
  last_used_at: number | null;
}

export interface RevokedTokenTable {
  hash: Uint8Array;
  expires_at: number;
}

/** Progress of a retention sweep, so that a run does not start from the beginning of history. */
export interface SweepTable {
  name: string;
  cursor: number;
}

/** Invalidates tokens of an application before they expire. */
export interface TokenEndTable {
  app_id: number;
  /** Empty: all sessions. */
  session_id: string;
  /** Applies to tokens issued up to this time, Unix milliseconds. */
  issued_until: number;
  expires_at: number;
}

/** An event for operational webhooks. Committed together with its cause, and stored until it is published as a message. */
export interface OperationalEventTable {
  id: Generated<number>;
  org_id: number;
  type: string;
  /** When it happened. */
  at: number;
  /** When it is due to be published. */
  due: number;
  /** Rows with the same key are merged into one: the last of them, with a count. `null`: not merged. */
  merge_key: string | null;
  count: number;
  /** Data of the event; `null`: it is built from the rows that the columns below refer to. */
  data_json: string | null;
  endpoint_id: number | null;
  message_id: number | null;
  attempt_id: number | null;
  /** Keys of the endpoints that receive it, as JSON; `null`: those that subscribe to its type. */
  targets_json: Generated<string | null>;
}

/** An endpoint that has been failing without a success since. Written periodically; memory has the latest values. */
export interface EndpointFailureTable {
  endpoint_id: number;
  /** When the first attempt failed. */
  since: number;
  /** Attempts that failed since then. */
  failures: number;
  last_at: number;
  /** The last warning, in percent of the way to auto-disable. */
  warned: number;
  updated_at: number;
}

/** The certificate that the receiver of an endpoint presented last. */
export interface EndpointCertificateTable {
  endpoint_id: number;
  /** Origin that presented it. After its URL changes, an endpoint has no certificate until the next attempt. */
  origin: string;
  /** When it expires. */
  valid_to: number;
  /** When this certificate was first seen. */
  seen_at: number;
}

/** An endpoint that got a warning, or was disabled, because of its failure rate. */
export interface EndpointRateTable {
  endpoint_id: number;
  /** Attempts before this time do not count, Unix milliseconds: the endpoint was disabled then. */
  counted_from: number;
  /** The last warning, in percent of the way to auto-disable. */
  warned: number;
}

/** Members of a batch that is resent as a whole until it succeeds or is refused. */
export interface DeliveryBatchTable {
  id: number;
  endpoint_id: number;
  /** Keys of its messages in the order in which they are sent, as a JSON array. */
  message_ids_json: string;
}

export interface Database {
  source: SourceTable;
  source_secret: SourceSecretTable;
  source_token: SourceTokenTable;
  quarantine: QuarantineTable;
  organisation: OrganisationTable;
  application: ApplicationTable;
  application_retention: ApplicationRetentionTable;
  event_type: EventTypeTable;
  endpoint: EndpointTable;
  endpoint_secret: EndpointSecretTable;
  message: MessageTable;
  delivery: DeliveryTable;
  attempt: AttemptTable;
  idempotency: IdempotencyTable;
  api_key: ApiKeyTable;
  revoked_token: RevokedTokenTable;
  task: TaskTable;
  operational_event: OperationalEventTable;
  endpoint_failure: EndpointFailureTable;
  endpoint_certificate: EndpointCertificateTable;
  endpoint_rate: EndpointRateTable;
  task_part: TaskPartTable;
  sweep: SweepTable;
  storage_day: StorageDayTable;
  token_end: TokenEndTable;
  message_label: MessageLabelTable;
  message_deadline: MessageDeadlineTable;
  outbox: OutboxTable;
  late_message: LateMessageTable;
  cancellation: CancellationTable;
  flow_state: FlowStateTable;
  broadcast: BroadcastTable;
  rollup: RollupTable;
  rollup_minute: RollupMinuteTable;
  rollup_cursor: RollupCursorTable;
  catalogue_entry: CatalogueEntryTable;
  source_activity: SourceActivityTable;
  source_duplicate_total: SourceDuplicateTotalTable;
  source_hour: SourceHourTable;
  source_duplicate: SourceDuplicateTable;
  ingest_uptime: IngestUptimeTable;
  source_backfill: SourceBackfillTable;
  source_run: SourceRunTable;
  source_session: SourceSessionTable;
  feed_late: FeedLateTable;
  watch: WatchTable;
  watch_key: WatchKeyTable;
  watch_event: WatchEventTable;
  api_request: ApiRequestTable;
  audit_entry: AuditEntryTable;
  audit_head: AuditHeadTable;
  saved_view: SavedViewTable;
  saved_view_default: SavedViewDefaultTable;
  share_link: ShareLinkTable;
  feed_consumer: FeedConsumerTable;
  feed_lease: FeedLeaseTable;
  relay_session: RelaySessionTable;
  relay_frame: RelayFrameTable;
  listen_token: ListenTokenTable;
  auto_config: AutoConfigTable;
  scoped_token: ScopedTokenTable;
  portal_key: PortalKeyTable;
  delivery_batch: DeliveryBatchTable;
  websub_topic: WebSubTopicTable;
  subscription: SubscriptionTable;
  websub_request: WebSubRequestTable;
  person: PersonTable;
  membership: MembershipTable;
  person_session: PersonSessionTable;
  person_token: PersonTokenTable;
  device_request: DeviceRequestTable;
  oauth_client: OauthClientTable;
  connected_client: ConnectedClientTable;
  sign_in_failure: SignInFailureTable;
  identity_provider: IdentityProviderTable;
  person_identity: PersonIdentityTable;
  passkey: PasskeyTable;
  erasure: ErasureTable;
  message_erasure: MessageErasureTable;
  redaction_rule: RedactionRuleTable;
  redaction_key: RedactionKeyTable;
  exact_body: ExactBodyTable;
  encryption_key: EncryptionKeyTable;
  encryption_key_node: EncryptionKeyNodeTable;
  delivery_pause: DeliveryPauseTable;
  alert_rule: AlertRuleTable;
  alert_recipient: AlertRecipientTable;
  alert_recipient_state: AlertRecipientStateTable;
  alert_recipient_token: AlertRecipientTokenTable;
  alert: AlertTable;
  incident: IncidentTable;
  incident_endpoint: IncidentEndpointTable;
  incident_slot: IncidentSlotTable;
  incident_note: IncidentNoteTable;
}
