/** Results of reading a source, as plain data that can be sent to other threads. */

/** Position of a source in the data that it reads, as JSON. At most 512 KiB. */
export type Cursor = Readonly<Record<string, unknown>>;

/** An event that a source has read. */
export interface SourceEvent {
  /** The same each time the event is read: Posthorn drops repetitions by it. */
  readonly id: string;
  readonly type: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** When it happened, in Unix milliseconds; `null`: unknown. */
  readonly occurredAt: number | null;
  /** Alternating names and values: metadata that filters and transformations can read. */
  readonly headers: readonly string[];
}

/** Stable codes for something that was read but is not an event. */
export const UNREADABLE_REASONS = [
  "appointment_unreadable",
  "item_without_id",
  "mail_unreadable",
  "message_unreadable",
  "not_stored",
  "too_large",
] as const;

/** Something that was read but is not an event. It is quarantined, and reading continues after it. */
export interface Unreadable {
  readonly reason: (typeof UNREADABLE_REASONS)[number];
  /** What is wrong with it. */
  readonly detail: string;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** Stable codes of failures to read a source. `internal`: a fault of Posthorn. */
export const SOURCE_ERROR_CODES = [
  "credentials_refused",
  "target_not_found",
  "target_refused",
  "target_unavailable",
  "rate_limited",
  "address_refused",
  "connection_failed",
  "timeout",
  "response_too_large",
  "unreadable",
  "protocol_error",
  "internal",
] as const;
export type SourceErrorCode = (typeof SOURCE_ERROR_CODES)[number];
