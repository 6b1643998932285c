/** What the main thread and the database threads say to each other. Rows travel as arrays: cheapest to clone. */
import type { AttemptStatus, DeliveryState, Trigger } from "../schema.ts";
import type { AcceptEntry, AcceptResult, DuePage, EndpointBacklog, IdempotencyKey, RecordEntry } from "../store.ts";

export interface ThreadOptions {
  readonly path: string;
  readonly role: "writer" | "reader";
  /** Upper bound of the file, in pages of 4 KiB; for tests of a full disk. */
  readonly maxPages: number | null;
}

export interface AcceptRow {
  readonly message: readonly [
    id: number,
    publicId: string,
    appId: number,
    eventType: string,
    eventId: string | null,
    channelsJson: string | null,
    tagsJson: string | null,
    contentType: string,
    expiresAt: number | null,
    deliverAt: number | null,
  ];
  readonly due: number;
  readonly endpointIds: readonly number[];
  readonly key: IdempotencyKey | null;
  readonly payloadBytes: number;
}

/** `stored`, `duplicate_event_id`, or the key of the message that used the idempotency key before. */
export type AcceptStatus = "stored" | "duplicate_event_id" | number;

export interface RecordRow {
  readonly delivery: readonly [
    messageId: number,
    endpointId: number,
    generation: number,
    trigger: Trigger,
    state: DeliveryState,
    due: number | null,
    attempts: number,
  ];
  readonly attempt:
    | readonly [
        id: number,
        publicId: string,
        url: string,
        status: AttemptStatus,
        responseCode: number,
        response: string,
        durationMs: number,
        errorCode: string | null,
      ]
    | null;
}

/** One group commit. Payloads of all messages stand one after another in one buffer, which is transferred, not copied. */
export interface Batch {
  readonly accepts: readonly AcceptRow[];
  readonly payloads: Uint8Array;
  readonly records: readonly RecordRow[];
}

/** One result for each row; a row that failed alone has its failure. */
export interface BatchResult {
  readonly accepts: readonly (AcceptStatus | ThreadFailure)[];
  readonly records: readonly (ThreadFailure | null)[];
}

export interface QueryResult {
  readonly rows: Record<string, unknown>[];
  readonly changes: number | null;
}

/** A failure as it crosses the thread boundary: the extended result code of SQLite where there is one. */
export interface ThreadFailure {
  readonly message: string;
  readonly sqliteCode: number | null;
  /** Set when the failure is one of Posthorn's own. */
  readonly posthornCode?: "schema_too_new";
}

export type ThreadRequest =
  | { readonly op: "batch"; readonly batch: Batch }
  | { readonly op: "query"; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly op: "due"; readonly endpointId: number; readonly now: number; readonly limit: number }
  | { readonly op: "backlog" }
  | { readonly op: "close" };

export interface ThreadResults {
  batch: BatchResult;
  query: QueryResult;
  due: DuePage;
  backlog: readonly EndpointBacklog[];
  close: null;
}

export interface ThreadReply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: ThreadFailure;
}

export function acceptRow(entry: AcceptEntry): AcceptRow {
  return {
    message: [
      entry.id,
      entry.publicId,
      entry.appId,
      entry.eventType,
      entry.eventId,
      entry.channelsJson,
      entry.tagsJson,
      entry.contentType,
      entry.expiresAt,
      entry.deliverAt,
    ],
    due: entry.due,
    endpointIds: entry.endpointIds,
    key: entry.idempotency,
    payloadBytes: entry.payload.byteLength,
  };
}

export function recordRow(entry: RecordEntry): RecordRow {
  const { attempt } = entry;
  return {
    delivery: [
      entry.messageId,
      entry.endpointId,
      entry.generation,
      entry.trigger,
      entry.state,
      entry.due,
      entry.attempts,
    ],
    attempt:
      attempt === null
        ? null
        : [
            attempt.id,
            attempt.publicId,
            attempt.url,
            attempt.status,
            attempt.responseCode,
            attempt.response,
            attempt.durationMs,
            attempt.errorCode,
          ],
  };
}

export function acceptResult(status: AcceptStatus): AcceptResult {
  return typeof status === "number" ? { kind: "replayed", messageId: status } : { kind: status };
}
