/**
 * Columns that the hot statements write. Both databases build their statements from these lists, and the thread protocol of SQLite
 * transfers the values in this order.
 */
import type { AttemptTable, MessageTable } from "./schema.ts";
import type { AcceptEntry } from "./store.ts";
import type { AttemptRecord, Outcome } from "./delivery.ts";

/** Replaces a response that was deleted. */
export const EXPUNGED = "EXPUNGED";

/** A value that is cheap to transfer between threads. */
export type Cell = string | number | null;

export interface HotColumn<Name extends string, Entry> {
  readonly column: Name;
  /** Type of the parameter in PostgreSQL. */
  readonly type: "bigint" | "int" | "text";
  readonly of: (entry: Entry) => Cell;
}

export interface HotColumns<Name extends string, Entry> {
  readonly columns: readonly HotColumn<Name, Entry>[];
  /** Names, separated by commas. */
  readonly names: string;
  /** Index of each column in a row of cells. */
  readonly at: Readonly<Record<Name, number>>;
}

type Definition<Entry> = readonly [type: HotColumn<string, Entry>["type"], of: (entry: Entry) => Cell];

function hotColumns<Name extends string, Entry>(
  definitions: Readonly<Record<Name, Definition<Entry>>>,
): HotColumns<Name, Entry> {
  const columns = (Object.entries(definitions) as [Name, Definition<Entry>][]).map(([column, [type, of]]) => ({
    column,
    type,
    of,
  }));
  const at = Object.fromEntries(columns.map(({ column }, place) => [column, place])) as Record<Name, number>;
  return { columns, names: columns.map(({ column }) => column).join(", "), at };
}

/** Columns of `message` that a publish writes, apart from `payload`, which is transferred separately. A missing column is a type error. */
export const MESSAGE = hotColumns<Exclude<keyof MessageTable, "payload">, AcceptEntry>({
  id: ["bigint", (message) => message.id],
  public_id: ["text", (message) => message.publicId],
  app_id: ["bigint", (message) => message.appId],
  event_type: ["text", (message) => message.eventType],
  content_type: ["text", (message) => message.contentType],
  // From here on, `null` in most messages: see `isPlain` in the thread protocol of SQLite.
  event_id: ["text", (message) => message.eventId],
  channels_json: ["text", (message) => message.channelsJson],
  tags_json: ["text", (message) => message.tagsJson],
  expires_at: ["bigint", (message) => message.expiresAt],
  deliver_at: ["bigint", (message) => message.deliverAt],
  ordering_key: ["text", (message) => message.orderingKey],
  unmatched_json: ["text", (message) => message.unmatchedJson],
  request_json: ["text", (message) => message.requestJson],
  deliver_until: ["bigint", (message) => message.deliverUntil ?? null],
  trace_context: ["text", (message) => message.traceContext ?? null],
  exact_bytes: ["bigint", (message) => message.exact?.body.byteLength ?? null],
});

/** Columns of `attempt` that an attempt writes. `message_id`, `endpoint_id` and `trigger_type` come from its outcome. */
export const ATTEMPT = hotColumns<
  Exclude<keyof AttemptTable, "message_id" | "endpoint_id" | "trigger_type">,
  AttemptRecord
>({
  id: ["bigint", (attempt) => attempt.id],
  public_id: ["text", (attempt) => attempt.publicId],
  url: ["text", (attempt) => attempt.url],
  status: ["bigint", (attempt) => attempt.status],
  response_code: ["bigint", (attempt) => attempt.responseCode],
  response: ["text", (attempt) => attempt.response],
  duration_ms: ["bigint", (attempt) => attempt.durationMs],
  error_code: ["text", (attempt) => attempt.errorCode],
  detail_json: ["text", (attempt) => attempt.detailJson],
  immediate_success: ["bigint", (attempt) => (attempt.isImmediateSuccess === true ? 1 : null)],
});

/** Values of an outcome apart from its attempt. They are input for the update of the delivery, not columns of it. */
export const OUTCOME = hotColumns<
  | "message_id"
  | "endpoint_id"
  | "generation"
  | "trigger_type"
  | "state"
  | "due"
  | "attempts"
  | "reason"
  | "canceled_at"
  | "pass_at",
  Outcome
>({
  message_id: ["bigint", (outcome) => outcome.messageId],
  endpoint_id: ["bigint", (outcome) => outcome.endpointId],
  generation: ["bigint", (outcome) => outcome.generation],
  trigger_type: ["bigint", (outcome) => outcome.trigger],
  state: ["bigint", (outcome) => outcome.state],
  due: ["bigint", (outcome) => outcome.due],
  attempts: ["bigint", (outcome) => outcome.attempts],
  reason: ["text", (outcome) => outcome.cancel?.reason ?? null],
  canceled_at: ["bigint", (outcome) => outcome.cancel?.at ?? null],
  pass_at: ["bigint", (outcome) => outcome.passAt ?? null],
});

/** One `?` per column, separated by commas. */
export function placeholders({ columns }: Pick<HotColumns<string, never>, "columns">): string {
  return columns.map(() => "?").join(", ");
}
