/**
 * The tables, as Kysely sees them; the same for every database.
 *
 * Keys are the integers inside public ids (see `id.ts`); a key also carries the time its row was made. Times are Unix
 * milliseconds, switches are 0 or 1, columns that end in `_json` hold JSON text, columns that end in `_sealed` hold bytes
 * encrypted by `secretBox.ts`.
 */
import type { Generated } from "kysely";
import type {
  CatalogueEntryTable,
  QuarantineTable,
  SourceBackfillTable,
  SourceDuplicateTable,
  SourceDuplicateTotalTable,
  SourceActivityTable,
  SourceSecretTable,
  SourceTable,
  SourceTokenTable,
  SourceWatchTable,
} from "./source-schema.ts";

/** Where a delivery stands. `sending` and `held` are not stored: the first is in memory, the second follows from the endpoint. */
export const DELIVERY_STATE = { pending: 0, succeeded: 1, failed: 2, canceled: 3 } as const;
export type DeliveryState = (typeof DELIVERY_STATE)[keyof typeof DELIVERY_STATE];

/** Whose an application is: a customer's, or one that the server keeps for its own webhooks or for a source. */
export const APPLICATION_KIND = { customer: 0, operational: 1, source: 2 } as const;
export type ApplicationKind = (typeof APPLICATION_KIND)[keyof typeof APPLICATION_KIND];

/** How an attempt ended; the numbers are those of the HTTP API. */
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
  "discarded",
  "transformation",
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

/** What made an attempt happen; the numbers are those of the HTTP API. */
export const TRIGGER = { scheduled: 0, manual: 1 } as const;
export type Trigger = (typeof TRIGGER)[keyof typeof TRIGGER];

/** Who asked for the attempt of a delivery that is due. */
export const ASKED = {
  bySchedule: 0,
  /** Sent even when an attempt in flight succeeds meanwhile. */
  byResend: 1,
  /** Not needed any more when an attempt in flight succeeds meanwhile. */
  byRecovery: 2,
  /** As `byResend`, and in the order of its key: many messages are sent once more. */
  byReplay: 3,
} as const;

export interface OrganisationTable {
  id: Generated<number>;
  public_id: string;
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
  /** Words of an allow list in place of the platform's; `null`: none. */
  egress_allow: string | null;
  /** Whose it is: see `APPLICATION_KIND`. */
  kind: Generated<number>;
  /** How deliveries of its endpoints are made, where it differs from the platform; `null`: nowhere. */
  policy_json: string | null;
  /** JSON of the proxy of its endpoints; `null`: the platform's. */
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
  /** JSON of credentials, TLS settings and proxy; `null`: none. */
  egress_sealed: Uint8Array | null;
  /** How deliveries are made, where it differs from the application; `null`: nowhere. */
  policy_json: string | null;
  /** Who switched it off, when and why; `null` while it is on, and for those that were off before this was kept. */
  disabled_json: string | null;
  /** What it proved of wanting deliveries; `null`: nothing. */
  verification_json: string | null;
  /** The filter as it was given; `null`: none. */
  filter_json: string | null;
  /** JSON of code and variables; `null`: none. */
  transformation_sealed: Uint8Array | null;
  transformation_enabled: Generated<number>;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  /** JSON of a pause or of discarded deliveries; `null`: none. */
  flow_json: Generated<string | null>;
  /** The replay to a URL that this row stands for; `null` for an endpoint of a customer. No message matches such a row. */
  replay_task_id: Generated<number | null>;
  /** How requests that came in are passed on; `null`: the body as a POST, with the headers it came with. */
  forward_json: Generated<string | null>;
}

export interface EndpointSecretTable {
  id: number;
  endpoint_id: number;
  secret_sealed: Uint8Array;
  /** `null` for the one secret in force; the end of the grace period for those before it. */
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
  /** The exact bytes; `null` once expunged or expired. */
  payload: Uint8Array | null;
  content_type: string;
  /** Set only when the message chose its own retention. */
  expires_at: number | null;
  deliver_at: number | null;
  /** Deliveries of one key are made in the order of their messages where an endpoint asks for it. */
  ordering_key: string | null;
  /** Which endpoints did not want the message, and why; `null`: all did. */
  unmatched_json: string | null;
  /** How an inbound message came in, beside its body: method, path, query, headers; `null` for a published one. */
  request_json: string | null;
  /** Nothing is delivered from this time on; `null`: whenever it can be. */
  deliver_until: number | null;
}

/** A channel or a tag of a message, so that the few messages that have it are found among many. Goes with its message by itself. */
export interface MessageLabelTable {
  app_id: number;
  /** One of `LABEL_KIND`. */
  kind: number;
  name: string;
  message_id: number;
}

/** Messages whose `deliver_until` is still ahead, or not yet acted on. */
export interface MessageDeadlineTable {
  deliver_until: number;
  message_id: number;
}

/** A message that was published within a transaction of the product, until it is a row of `message`. */
export interface OutboxTable {
  /** Key of the message to be. */
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
  /** When the first attempts are due; `null`: at once. */
  due: number | null;
  deliver_until: number | null;
  /** In place of `deliver_until`: from when the first attempts are due. */
  ttl_ms: number | null;
  retention_ms: number | null;
  /** How often it could not be made a message of. */
  failures: Generated<number>;
  /** Why, the last time. */
  error: string | null;
  /** No attempt is made until then; `null`: no pause. */
  retry_at: number | null;
  /** When it was set aside for good; `null`: it was not. */
  parked_at: number | null;
}

/** A message that is younger than its key: the walk of the statistics had passed it. */
export interface LateMessageTable {
  id: number;
}

/** Why a delivery was canceled. A delivery that was made due again afterwards keeps its row. */
export interface CancellationTable {
  message_id: number;
  endpoint_id: number;
  /** One of `CANCEL_REASONS`. */
  reason: string;
  /** The newer message that took its place. */
  by_message_id: number | null;
  at: number;
}

/** What debounce and throttle of an endpoint know of one key. */
export interface PacingTable {
  endpoint_id: number;
  /** `d` or `t`, then the key. */
  key: string;
  /** Debounce: the message whose delivery waits. */
  message_id: number | null;
  /** Debounce: when the first message of the burst came. Throttle: when the window began. */
  since: number;
  /** Throttle: deliveries of the window. */
  used: number;
  /** When the row expires. */
  until: number;
}

/** What a broadcast publishes to each application. */
export interface BroadcastTable {
  task_id: number;
  message_json: string;
  payload: Uint8Array;
}

/** What is counted of a stretch of time. */
export interface CountColumns {
  messages: number;
  attempts_ok: number;
  attempts_failed: number;
  /** Deliveries whose first scheduled attempt succeeded. */
  first_try: number;
  /** Deliveries that succeeded after more than one. */
  later: number;
  /** Deliveries whose schedule was used up. */
  exhausted: number;
  /** Milliseconds from event to answer, as a histogram (see `domain/stats/histogram.ts`). */
  latency_json: string;
  /** Milliseconds of attempts, as a histogram. */
  duration_json: string;
}

/** Counts of one hour. Application 0 is the organisation, endpoint 0 the application. */
export interface RollupTable extends CountColumns {
  org_id: number;
  app_id: number;
  endpoint_id: number;
  /** Hours since 1970. */
  hour: number;
}

/** Counts of one minute of the newest hours, of an organisation as a whole. */
export interface RollupMinuteTable extends CountColumns {
  org_id: number;
  /** Minutes since 1970. */
  minute: number;
}

export interface RollupCursorTable {
  source: string;
  last_id: number;
}

export interface DeliveryTable {
  message_id: number;
  endpoint_id: number;
  state: number;
  /** When the next attempt is due; `null` when there is nothing left to do. */
  due: number | null;
  /** Scheduled attempts that counted so far: the place in the retry schedule. */
  attempts: number;
  /** Changes when a call, and not the dispatcher, makes the row due, so that an outcome in flight cannot undo it. */
  generation: number;
  /** Who asked for the attempt that is due: see `ASKED`. */
  manual: number;
  /** The due time to restore when the manual attempt fails. */
  resume_due: number | null;
  /** It waits for those of its endpoint with the same key and a lower message key; `null`: for none. */
  order_key: Generated<string | null>;
  /** From this time on later deliveries pass it; `null`: they wait while it has a due time. */
  pass_at: Generated<number | null>;
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
  /** Code of the cause when there was no usable answer. */
  error_code: string | null;
  /** What was sent and seen beside the columns above: headers, phases, peer. */
  detail_json: string | null;
}

export interface IdempotencyTable {
  bucket: number;
  hash: string;
  /** A message that was accepted under this key … */
  message_id: number | null;
  /** … or the status of the response to any other request; 0 while the request is still running. */
  status: number | null;
  /** The body of that response; of a request that is still running: who claimed the key, and when. */
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
}

export interface RevokedTokenTable {
  hash: Uint8Array;
  expires_at: number;
}

export interface TaskTable {
  id: number;
  public_id: string;
  org_id: number;
  /** `null`: of the whole organisation. */
  app_id: number | null;
  kind: string;
  status: string;
  /** What was asked for; never changes. */
  params_json: string;
  /** How far it got, and the place to go on from where that is not in its parts. */
  data_json: string;
  /** Who asked, for people to read. */
  asked_by: string;
  updated_at: number;
  /** `null` while it can still do something. */
  ended_at: number | null;
}

/** The progress of a task at one endpoint. */
export interface TaskPartTable {
  task_id: number;
  endpoint_id: number;
  /** The last message key that was looked at. */
  cursor: number;
  done: Generated<number>;
  scanned: Generated<number>;
  matched: Generated<number>;
  /** Deliveries made due. */
  sent: Generated<number>;
  /** Matched, but there is nothing to send any more. */
  payload_gone: Generated<number>;
  /** Matched, but due anyway. */
  already_due: Generated<number>;
  /** The endpoint was deleted before the end. */
  endpoint_gone: Generated<number>;
}

/** Where a sweep of retention got to, so that no run begins at the beginning of history. */
export interface SweepTable {
  name: string;
  cursor: number;
}

/** How much is stored of what came in on one day (days since 1970 in UTC). */
export interface StorageDayTable {
  day: number;
  kind: string;
  /** Rows. */
  stored: number;
  bytes: number;
}

/** Tokens of an application that end before their time. */
export interface TokenEndTable {
  app_id: number;
  /** Empty: of any session. */
  session_id: string;
  /** Tokens issued up to this time, Unix milliseconds. */
  issued_until: number;
  expires_at: number;
}

/** Something to tell operational webhooks, from the commit of what it tells until it is a message. */
export interface OperationalEventTable {
  id: Generated<number>;
  org_id: number;
  type: string;
  /** When it happened. */
  at: number;
  /** When it is published. */
  due: number;
  /** Rows of one key become one: the last of them, with a count. `null`: a row of its own. */
  merge_key: string | null;
  count: number;
  /** What to tell; `null`: it is made from the rows below. */
  data_json: string | null;
  endpoint_id: number | null;
  message_id: number | null;
  attempt_id: number | null;
}

/** An endpoint that fails and has not succeeded since. Written from time to time: memory knows the latest. */
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

/** The certificate that the receiver of an endpoint showed last. */
export interface EndpointCertificateTable {
  endpoint_id: number;
  /** Whose it is: an endpoint that was given another URL since has none until it is called. */
  origin: string;
  /** When it ends. */
  valid_to: number;
  /** When it was first seen to be this one. */
  seen_at: number;
}

/** Endpoints with a warning because of their failure rate, or that were disabled. */
export interface EndpointRateTable {
  endpoint_id: number;
  /** Attempts before this do not count, Unix milliseconds: the endpoint was disabled then. */
  counted_from: number;
  /** The last warning, in percent of the way to auto-disable. */
  warned: number;
}

export interface Database {
  source: SourceTable;
  source_secret: SourceSecretTable;
  source_token: SourceTokenTable;
  quarantine: QuarantineTable;
  organisation: OrganisationTable;
  application: ApplicationTable;
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
  pacing: PacingTable;
  broadcast: BroadcastTable;
  rollup: RollupTable;
  rollup_minute: RollupMinuteTable;
  rollup_cursor: RollupCursorTable;
  catalogue_entry: CatalogueEntryTable;
  source_activity: SourceActivityTable;
  source_duplicate_total: SourceDuplicateTotalTable;
  source_duplicate: SourceDuplicateTable;
  source_watch: SourceWatchTable;
  source_backfill: SourceBackfillTable;
}
