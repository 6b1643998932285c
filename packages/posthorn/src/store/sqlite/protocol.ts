/** What the main thread and the database threads say to each other. */
import type { PosthornErrorCode } from "../../lib/errors.ts";
import type { AttemptStatus, DeliveryState, Trigger } from "../schema.ts";
import type { WalLoss } from "./wal-loss.ts";
import type {
  AcceptEntry,
  AcceptResult,
  AttemptEntry,
  DuePage,
  Dues,
  EndpointBacklog,
  OrderKeys,
  Pacing,
  PageWish,
  RecordEntry,
} from "../store.ts";

export interface ThreadOptions {
  readonly path: string;
  readonly role: "writer" | "reader";
  /** Upper bound of the file, in pages of 4 KiB; for tests of a full disk. */
  readonly maxPages: number | null;
}

/** A message and its deliveries, as the writer thread works with them. */
export type AcceptRow = Omit<AcceptEntry, "payload" | "deliverUntil" | "pacing" | "orderKeys"> & {
  readonly payloadBytes: number;
  readonly deliverUntil: number | null;
  readonly pacing: Pacing | null;
  readonly orderKeys: OrderKeys | null;
};

/** `stored`, or when its deliveries are due; `duplicate_event_id`; or the key of the message that used the idempotency key before. */
export type AcceptStatus = "stored" | Dues | "duplicate_event_id" | number;

/** A value that crosses the thread boundary cheaply. */
export type Cell = string | number | null;

/**
 * One group commit. Rows are cells in one flat list, one after another (see `encodeAccept` and `encodeRecord`): cloning one long
 * list of primitive values costs a fraction of cloning many small objects. Payloads stand one after another in one buffer, which is
 * transferred and not copied.
 */
export interface Batch {
  readonly accepts: readonly Cell[];
  readonly payloads: Uint8Array;
  readonly records: readonly Cell[];
}

/** What became of each row, in order; `null` when every one was simply stored. */
export interface BatchResult {
  readonly accepts: readonly (AcceptStatus | ThreadFailure)[] | null;
  readonly records: readonly (ThreadFailure | null)[] | null;
  /** Something was written for operational webhooks. */
  readonly announced: boolean;
}

/** A failure as it crosses the thread boundary: the extended result code of SQLite where there is one. */
export interface ThreadFailure {
  readonly message: string;
  readonly sqliteCode: number | null;
  /** Set when the failure is one of Posthorn's own. */
  readonly posthornCode?: PosthornErrorCode;
}

/**
 * What a statement gave, as it crosses: names of columns once, and the values of all rows in one list. Cloning the rows that
 * `node:sqlite` makes of itself, objects without a shape, costs twice as much (2.0 µs a row of eleven columns against 1.0).
 */
export interface PackedResult {
  readonly columns: readonly string[];
  readonly cells: readonly unknown[];
  /** `null` for a statement that gives rows. */
  readonly changes: number | null;
}

export type ThreadRequest =
  | { readonly op: "batch"; readonly batch: Batch }
  | { readonly op: "query"; readonly sql: string; readonly parameters: readonly unknown[] }
  | {
      readonly op: "due";
      readonly endpointId: number;
      readonly now: number;
      readonly newestDue: number;
      readonly limit: number;
      readonly wish: PageWish | null;
    }
  | { readonly op: "backlog" }
  | { readonly op: "reclaim"; readonly pages: number }
  | { readonly op: "close" };

export interface ThreadResults {
  batch: BatchResult;
  query: PackedResult;
  due: DuePage;
  backlog: readonly EndpointBacklog[];
  reclaim: null;
  close: null;
}

/** The main thread's end of a database thread. */
export interface DatabaseThread {
  /** Requests that are not answered yet. */
  readonly load: number;
  request<Op extends ThreadRequest["op"]>(
    request: Extract<ThreadRequest, { op: Op }>,
    transfer?: ArrayBuffer[],
  ): Promise<ThreadResults[Op]>;
  /** Ends the thread once everything that was asked before is answered. */
  close(): Promise<void>;
}

/** What a database thread sends: the reply to a request, or, before the one to its start, what its write-ahead log has lost. */
export type ThreadMessage = ThreadReply | { readonly walLoss: WalLoss };

export interface ThreadReply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: ThreadFailure;
}

export function encodeAccept(cells: Cell[], entry: AcceptEntry): void {
  const { idempotency: key, endpointIds } = entry;
  cells.push(
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
    entry.orderingKey,
    entry.unmatchedJson,
    entry.requestJson,
    entry.due,
    entry.payload.byteLength,
    entry.deliverUntil ?? null,
    entry.pacing ? JSON.stringify(entry.pacing) : null,
    entry.orderKeys ? JSON.stringify(entry.orderKeys) : null,
    key === null ? null : key.hash,
    key === null ? 0 : key.buckets.length,
    endpointIds.length,
  );
  if (key !== null) cells.push(...key.buckets);
  for (const endpointId of endpointIds) cells.push(endpointId);
}

export function decodeAccepts(cells: readonly Cell[]): readonly AcceptRow[] {
  const rows: AcceptRow[] = [];
  const reader = new CellReader(cells);
  while (reader.more) {
    const row = {
      id: reader.number(),
      publicId: reader.text(),
      appId: reader.number(),
      eventType: reader.text(),
      eventId: reader.textOrNull(),
      channelsJson: reader.textOrNull(),
      tagsJson: reader.textOrNull(),
      contentType: reader.text(),
      expiresAt: reader.numberOrNull(),
      deliverAt: reader.numberOrNull(),
      orderingKey: reader.textOrNull(),
      unmatchedJson: reader.textOrNull(),
      requestJson: reader.textOrNull(),
      due: reader.number(),
      payloadBytes: reader.number(),
      deliverUntil: reader.numberOrNull(),
      pacing: parsed(reader.textOrNull()) as Pacing | null,
      orderKeys: parsed(reader.textOrNull()) as OrderKeys | null,
    };
    const hash = reader.textOrNull();
    const buckets = reader.number();
    const endpoints = reader.number();
    const idempotency = hash === null ? null : { hash, buckets: reader.numbers(buckets) };
    rows.push({ ...row, idempotency, endpointIds: reader.numbers(endpoints) });
  }
  return rows;
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

export function encodeRecord(cells: Cell[], { attempt, ...delivery }: RecordEntry): void {
  cells.push(
    delivery.messageId,
    delivery.endpointId,
    delivery.generation,
    delivery.trigger,
    delivery.state,
    delivery.due,
    delivery.attempts,
    delivery.cancel ? delivery.cancel.reason : null,
    delivery.cancel ? delivery.cancel.at : null,
    delivery.passAt ?? null,
    attempt === null ? null : attempt.id,
  );
  if (attempt === null) return;
  const { publicId, url, status, responseCode, response, durationMs, errorCode, detailJson } = attempt;
  cells.push(publicId, url, status, responseCode, response, durationMs, errorCode, detailJson);
}

export function decodeRecords(cells: readonly Cell[]): readonly RecordEntry[] {
  const rows: RecordEntry[] = [];
  const reader = new CellReader(cells);
  while (reader.more) {
    const delivery = {
      messageId: reader.number(),
      endpointId: reader.number(),
      generation: reader.number(),
      trigger: reader.number() as Trigger,
      state: reader.number() as DeliveryState,
      due: reader.numberOrNull(),
      attempts: reader.number(),
    };
    const reason = reader.textOrNull();
    const at = reader.numberOrNull();
    const cancel = reason === null || at === null ? null : { reason, at };
    const passAt = reader.numberOrNull();
    const id = reader.numberOrNull();
    rows.push({ ...delivery, cancel, passAt, attempt: id === null ? null : decodeAttempt(id, reader) });
  }
  return rows;
}

function decodeAttempt(id: number, reader: CellReader): AttemptEntry {
  return {
    id,
    publicId: reader.text(),
    url: reader.text(),
    status: reader.number() as AttemptStatus,
    responseCode: reader.number(),
    response: reader.text(),
    durationMs: reader.number(),
    errorCode: reader.textOrNull(),
    detailJson: reader.textOrNull(),
  };
}

/** Reads cells in the order they were written. Both ends are this file, so a cell is what its place says. */
class CellReader {
  readonly #cells: readonly Cell[];
  #at = 0;

  constructor(cells: readonly Cell[]) {
    this.#cells = cells;
  }

  get more(): boolean {
    return this.#at < this.#cells.length;
  }

  number(): number {
    return this.#cells[this.#at++] as number;
  }

  numberOrNull(): number | null {
    return this.#cells[this.#at++] as number | null;
  }

  text(): string {
    return this.#cells[this.#at++] as string;
  }

  textOrNull(): string | null {
    return this.#cells[this.#at++] as string | null;
  }

  numbers(count: number): readonly number[] {
    this.#at += count;
    return this.#cells.slice(this.#at - count, this.#at) as number[];
  }
}

/** The rows of a result, as objects of one shape. */
export function unpackRows({ columns, cells }: PackedResult): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const width = columns.length;
  for (let at = 0; at < cells.length; at += width) {
    const row: Record<string, unknown> = {};
    for (let column = 0; column < width; column++) row[columns[column]!] = cells[at + column];
    rows.push(row);
  }
  return rows;
}

export function acceptResult(status: AcceptStatus): AcceptResult {
  if (typeof status === "number") return { kind: "replayed", messageId: status };
  if (status === "duplicate_event_id") return { kind: status };
  return status === "stored" ? { kind: "stored" } : { kind: "stored", dues: status };
}
