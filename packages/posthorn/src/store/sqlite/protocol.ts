/** Messages between the main thread and the database threads. */
import type { MessagePort } from "node:worker_threads";
import type { PosthornErrorCode } from "../../lib/errors.ts";
import { ATTEMPT, type Cell, MESSAGE, OUTCOME } from "../hot-columns.ts";
import type { DeliveryState, Trigger } from "../schema.ts";
import type { PackedPage } from "./packed-page.ts";
import type { WalLoss } from "./wal-loss.ts";
import type { AcceptEntry, AcceptResult, Dues, IdempotencyKey, OrderKeys, FlowControl } from "../store.ts";
import type { ClusterNode, ClusterShard, Membership, NodeFacts, NodeReport } from "../cluster.ts";
import type { AttemptRecord, EndpointBacklog, Lease, PageSelection, Outcome } from "../delivery.ts";

export interface ThreadOptions {
  readonly path: string;
  readonly role: "writer" | "reader";
  /** Maximum size of the file in pages of 4 KiB. Tests use it to simulate a full disk. */
  readonly maxPages: number | null;
  /** Memory of the `SharedWords`, when several threads share the writer; absent or `null`: none do. */
  readonly words?: SharedArrayBuffer | null;
}

/** A message and its deliveries, in the form that the writer thread uses. */
export interface AcceptRow {
  /** Values of the columns of {@link MESSAGE}; of a plain message, only of {@link PLAIN_COLUMNS}. */
  readonly message: readonly Cell[];
  readonly payloadBytes: number;
  /** Encrypted exact body, which follows the payload; `null`: none. */
  readonly exact: { readonly sealedBytes: number; readonly keepMs: number } | null;
  readonly due: number;
  readonly flowControl: FlowControl | null;
  readonly orderKeys: OrderKeys | null;
  readonly pulled: readonly number[] | null;
  readonly hasEarlierKey: boolean;
  readonly idempotency: IdempotencyKey | null;
  readonly endpointIds: readonly number[];
}

/** An outcome, in the form that the writer thread uses. */
export interface RecordRow extends Omit<Outcome, "attempt" | "lease" | "cancel" | "passAt"> {
  readonly cancel: { readonly reason: string; readonly at: number } | null;
  readonly passAt: number | null;
  readonly attempt: AttemptRow | null;
}

export interface AttemptRow {
  readonly id: number;
  /** Values of the columns of {@link ATTEMPT}. */
  readonly values: readonly Cell[];
}

/** `stored`, or the due times of its deliveries; `duplicate_event_id`; or the key of the message that used the idempotency key before. */
export type AcceptStatus = "stored" | Dues | "duplicate_event_id" | number;

/**
 * One group commit. Rows are consecutive cells of one flat list (see `encodeAccept` and `RecordWriter`): cloning one long list of
 * primitive values costs a fraction of cloning many small objects. Payloads are concatenated in one buffer, which is transferred or shared
 * instead of copied.
 */
export interface Batch {
  readonly accepts: readonly Cell[];
  readonly payloads: Uint8Array;
  readonly records: readonly Cell[];
  /** Leases of the outcomes (see `packLeases`), when several threads share the writer; absent or `null`: none has one. */
  readonly leases?: readonly number[] | null;
  /** Number of rows, by which the result is divided when batches of several threads are committed as one. Absent: there is one thread. */
  readonly counts?: { readonly accepts: number; readonly records: number };
}

/** Result of each row, in order; `null` when all were stored without further results. */
export interface BatchResult {
  readonly accepts: readonly (AcceptStatus | ThreadFailure)[] | null;
  readonly records: readonly (ThreadFailure | null)[] | null;
  /** Events for operational webhooks were written. */
  readonly announced: boolean;
  /** The batch is on disk, in the commit journal, but other connections do not see it before `settle`. */
  readonly isOpen: boolean;
}

/** An error in a form that can be sent between threads, with the extended result code of SQLite if there is one. */
export interface ThreadFailure {
  readonly message: string;
  readonly sqliteCode: number | null;
  /** Set when Posthorn raised the error. */
  readonly posthornCode?: PosthornErrorCode;
}

/**
 * Result of a statement in a form that is cheap to send: the column names once, and the values of all rows in one list. Cloning the row
 * objects of `node:sqlite` costs twice as much (2.0 µs per row of eleven columns instead of 1.0 µs).
 */
export interface PackedResult {
  readonly columns: readonly string[];
  readonly cells: readonly unknown[];
  /** `null` for a statement that returns rows. */
  readonly changes: number | null;
}

export type ThreadRequest =
  | { readonly op: "batch"; readonly batch: Batch }
  | { readonly op: "settle" }
  | { readonly op: "query"; readonly sql: string; readonly parameters: readonly unknown[] }
  | {
      readonly op: "due";
      readonly endpointId: number;
      readonly now: number;
      readonly newestDue: number;
      readonly limit: number;
      readonly selection: PageSelection | null;
    }
  | { readonly op: "backlog" }
  | { readonly op: "reclaim"; readonly pages: number }
  | { readonly op: "free-space"; readonly step: FreeSpaceStep }
  | { readonly op: "close" };

/** One step of overwriting what deleted rows left in the files. See `FreeSpace`. */
export type FreeSpaceStep =
  | { readonly kind: "overwrite-freed"; readonly isOn: boolean }
  | { readonly kind: "return-pages" }
  | { readonly kind: "overwrite"; readonly from: number }
  | { readonly kind: "empty-log" };

/** Facts that a thread reports when it joins the others. */
export type ThreadFacts = Omit<NodeFacts, "hasEnded">;

/** Requests about the threads that share the writer, which it answers from memory. See `ClusterStore`. */
export type MemberRequest =
  | { readonly op: "join"; readonly facts: ThreadFacts }
  | { readonly op: "renew"; readonly nodeId: number; readonly report: NodeReport }
  | { readonly op: "view" }
  | { readonly op: "take"; readonly nodeId: number; readonly shards: readonly number[] }
  | { readonly op: "release"; readonly nodeId: number; readonly shards: readonly number[] }
  | { readonly op: "leave"; readonly nodeId: number }
  /** Takes or releases the lock of `Store.alone`. */
  | { readonly op: "lock"; readonly isTaken: boolean };

export interface MemberResults {
  join: Membership;
  renew: boolean;
  view: { readonly nodes: readonly ClusterNode[]; readonly shards: readonly ClusterShard[] };
  take: readonly Lease[];
  release: null;
  leave: null;
  /** Whether the caller has the lock. */
  lock: boolean;
}

export interface ThreadResults {
  batch: BatchResult;
  settle: null;
  query: PackedResult;
  due: PackedPage;
  backlog: readonly EndpointBacklog[];
  reclaim: null;
  "free-space": number | boolean | null;
  close: null;
}

/** A database thread, as seen by the main thread. */
export interface DatabaseThread {
  /** Number of outstanding requests. */
  readonly load: number;
  /** False: it will be started by its first request. True after a start that failed, which the next request repeats. */
  readonly isStarted?: boolean;
  request<Op extends ThreadRequest["op"]>(
    request: Extract<ThreadRequest, { op: Op }>,
    transfer?: ArrayBuffer[],
  ): Promise<ThreadResults[Op]>;
  /** Ends the thread after all earlier requests. */
  close(): Promise<void>;
}

/** A writer thread that several threads of the process share, as seen by one of them. */
export interface SharedThread extends DatabaseThread {
  ask<Op extends MemberRequest["op"]>(request: Extract<MemberRequest, { op: Op }>): Promise<MemberResults[Op]>;
  /** Returns a port on which another thread can use it. */
  share(): MessagePort;
}

/** Statement that only checks that the thread responds. It is not part of a transaction. */
export const PING = "SELECT 1";

/**
 * Message of a database thread: a reply to a request; before the reply to its start, the loss found in the write-ahead log; that a thread that
 * shares it has ended without closing its store, and everything that it had sent is done; or that the idle transaction of another thread was
 * rolled back, and how long it was open.
 */
export type ThreadMessage =
  | ThreadReply
  | { readonly walLoss: WalLoss }
  | { readonly lost: true }
  | { readonly rolledBackAfterMs: number };

export interface ThreadReply {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: ThreadFailure;
}

/** Columns of a plain message. The others are `null`, as in most messages, so they are neither transferred nor bound. */
export const PLAIN_COLUMNS = MESSAGE.columns.slice(0, MESSAGE.at.event_id);
const RARE_COLUMNS = MESSAGE.columns.slice(PLAIN_COLUMNS.length);

/** First cell of a message. */
const PLAIN = 0;
const WHOLE = 1;

/** Whether a message has only a payload, the values of {@link PLAIN_COLUMNS}, and deliveries that are due at one time. */
function isPlain(entry: AcceptEntry): boolean {
  const { idempotency, exact = null, flowControl = null, orderKeys = null, pulled = null, hasEarlierKey } = entry;
  if (idempotency !== null || exact !== null || flowControl !== null || orderKeys !== null || pulled !== null)
    return false;
  return hasEarlierKey !== true && RARE_COLUMNS.every(({ of }) => of(entry) === null);
}

/** Appends the cells of a message and its deliveries. */
export function encodeAccept(cells: Cell[], entry: AcceptEntry): void {
  if (isPlain(entry)) {
    cells.push(PLAIN);
    for (const { of } of PLAIN_COLUMNS) cells.push(of(entry));
    cells.push(entry.payload.byteLength, entry.due, entry.endpointIds.length);
    for (const endpointId of entry.endpointIds) cells.push(endpointId);
    return;
  }
  cells.push(WHOLE);
  for (const { of } of MESSAGE.columns) cells.push(of(entry));
  const { due, idempotency, endpointIds, flowControl, orderKeys, pulled, hasEarlierKey } = entry;
  const sealed = entry.exact?.sealed ?? null;
  encodeDeliveries(cells, {
    payloadBytes: entry.payload.byteLength,
    exact: sealed === null ? null : { sealedBytes: sealed.byteLength, keepMs: entry.exact!.keepMs },
    due,
    idempotency,
    endpointIds,
    flowControl: flowControl ?? null,
    orderKeys: orderKeys ?? null,
    pulled: pulled ?? null,
    hasEarlierKey: hasEarlierKey === true,
  });
}

/** Appends a row that was decoded. */
export function encodeAcceptRow(cells: Cell[], row: AcceptRow): void {
  const missing = MESSAGE.columns.length - row.message.length;
  cells.push(WHOLE, ...row.message, ...new Array<null>(missing).fill(null));
  encodeDeliveries(cells, row);
}

function encodeDeliveries(cells: Cell[], row: Omit<AcceptRow, "message">): void {
  const { payloadBytes, due, idempotency: key, endpointIds, flowControl, orderKeys, pulled, hasEarlierKey } = row;
  cells.push(
    payloadBytes,
    row.exact === null ? 0 : row.exact.sealedBytes,
    row.exact === null ? 0 : row.exact.keepMs,
    due,
    flowControl === null ? null : JSON.stringify(flowControl),
    orderKeys === null ? null : JSON.stringify(orderKeys),
    pulled === null ? null : JSON.stringify(pulled),
    hasEarlierKey ? 1 : 0,
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
  while (reader.more) rows.push(reader.number() === PLAIN ? plainAccept(reader) : wholeAccept(reader));
  return rows;
}

function plainAccept(reader: CellReader): AcceptRow {
  return {
    message: reader.cells(PLAIN_COLUMNS.length),
    payloadBytes: reader.number(),
    exact: null,
    due: reader.number(),
    flowControl: null,
    orderKeys: null,
    pulled: null,
    hasEarlierKey: false,
    idempotency: null,
    endpointIds: reader.numbers(reader.number()),
  };
}

function wholeAccept(reader: CellReader): AcceptRow {
  const row = {
    message: reader.cells(MESSAGE.columns.length),
    payloadBytes: reader.number(),
    exact: exactOf(reader.number(), reader.number()),
    due: reader.number(),
    flowControl: parsed(reader.textOrNull()) as FlowControl | null,
    orderKeys: parsed(reader.textOrNull()) as OrderKeys | null,
    pulled: parsed(reader.textOrNull()) as readonly number[] | null,
    hasEarlierKey: reader.number() === 1,
  };
  const hash = reader.textOrNull();
  const buckets = reader.number();
  const endpoints = reader.number();
  const idempotency = hash === null ? null : { hash, buckets: reader.numbers(buckets) };
  return { ...row, idempotency, endpointIds: reader.numbers(endpoints) };
}

function exactOf(sealedBytes: number, keepMs: number): AcceptRow["exact"] {
  return sealedBytes === 0 ? null : { sealedBytes, keepMs };
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

/**
 * First cell of an outcome: all its values follow, without or with those of an attempt. From `LIKE_EARLIER` on: only those follow that differ
 * from the outcome before it, or from one so many outcomes further back.
 */
const WITHOUT_ATTEMPT = 0;
const WITH_ATTEMPT = 1;
const LIKE_EARLIER = 2;
/** Values of an attempt that differ between the messages of a batch. They are written after the message, in this order. */
const OWN_PLACES = [
  ATTEMPT.at.id,
  ATTEMPT.at.public_id,
  ATTEMPT.at.response,
  ATTEMPT.at.duration_ms,
  ATTEMPT.at.detail_json,
] as const;

/** Writes outcomes and their attempts as cells. The outcomes of an endpoint have most values in common, so all but its first in a batch are short. */
export class RecordWriter {
  readonly cells: Cell[] = [];
  readonly #rows: (Outcome | null)[] = [];
  /** Row of the last outcome of each endpoint. */
  readonly #lastOf = new Map<number, number>();

  add(entry: Outcome): void {
    const { cells } = this;
    const { attempt, endpointId } = entry;
    const row = this.#rows.push(entry) - 1;
    const last = this.#lastOf.get(endpointId);
    this.#lastOf.set(endpointId, row);
    const earlier = last === undefined ? null : this.#rows[last]!;
    if (earlier !== null && attempt !== null && isLikeEarlier(earlier, entry, attempt)) {
      const { id, publicId, response, durationMs, detailJson } = attempt;
      cells.push(LIKE_EARLIER + row - 1 - last!, entry.messageId, id, publicId, response, durationMs, detailJson);
      return;
    }
    cells.push(attempt === null ? WITHOUT_ATTEMPT : WITH_ATTEMPT);
    for (const { of } of OUTCOME.columns) cells.push(of(entry));
    if (attempt !== null) for (const { of } of ATTEMPT.columns) cells.push(of(attempt));
  }

  /** Adds a row that was decoded, with all of its values. */
  addRow({ attempt, ...outcome }: RecordRow): void {
    const { cells } = this;
    this.#rows.push(null);
    this.#lastOf.delete(outcome.endpointId);
    cells.push(attempt === null ? WITHOUT_ATTEMPT : WITH_ATTEMPT);
    for (const { of } of OUTCOME.columns) cells.push(of({ ...outcome, attempt: null }));
    if (attempt !== null) cells.push(...attempt.values);
  }
}

/** @param before An outcome of the same endpoint. */
function isLikeEarlier(before: Outcome, entry: Outcome, attempt: AttemptRecord): boolean {
  const other = before.attempt;
  return (
    other !== null &&
    entry.generation === before.generation &&
    entry.trigger === before.trigger &&
    entry.state === before.state &&
    entry.due === before.due &&
    entry.attempts === before.attempts &&
    (entry.cancel ?? null) === null &&
    (before.cancel ?? null) === null &&
    (entry.passAt ?? null) === (before.passAt ?? null) &&
    attempt.url === other.url &&
    attempt.status === other.status &&
    attempt.responseCode === other.responseCode &&
    attempt.errorCode === other.errorCode &&
    attempt.isImmediateSuccess === other.isImmediateSuccess
  );
}

export function decodeRecords(cells: readonly Cell[]): readonly RecordRow[] {
  const rows: RecordRow[] = [];
  const reader = new CellReader(cells);
  while (reader.more) {
    const form = reader.number();
    rows.push(
      form >= LIKE_EARLIER
        ? rowLikeEarlier(rows[rows.length - 1 - (form - LIKE_EARLIER)]!, reader)
        : wholeRow(cells, reader, form === WITH_ATTEMPT),
    );
  }
  return rows;
}

function wholeRow(cells: readonly Cell[], reader: CellReader, hasAttempt: boolean): RecordRow {
  const { at, columns } = OUTCOME;
  const from = reader.skip(columns.length);
  const reason = cells[from + at.reason] as string | null;
  return {
    messageId: cells[from + at.message_id] as number,
    endpointId: cells[from + at.endpoint_id] as number,
    generation: cells[from + at.generation] as number,
    trigger: cells[from + at.trigger_type] as Trigger,
    state: cells[from + at.state] as DeliveryState,
    due: cells[from + at.due] as number | null,
    attempts: cells[from + at.attempts] as number,
    cancel: reason === null ? null : { reason, at: cells[from + at.canceled_at] as number },
    passAt: cells[from + at.pass_at] as number | null,
    attempt: hasAttempt ? { id: reader.peek() as number, values: reader.cells(ATTEMPT.columns.length) } : null,
  };
}

function rowLikeEarlier(before: RecordRow, reader: CellReader): RecordRow {
  const messageId = reader.number();
  const id = reader.peek() as number;
  const values = [...before.attempt!.values];
  for (const place of OWN_PLACES) values[place] = reader.cell();
  return {
    messageId,
    endpointId: before.endpointId,
    generation: before.generation,
    trigger: before.trigger,
    state: before.state,
    due: before.due,
    attempts: before.attempts,
    cancel: null,
    passAt: before.passAt,
    attempt: { id, values },
  };
}

/** Reads cells in the order they were written. This file also encodes them, so the position of a cell determines its type. */
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

  textOrNull(): string | null {
    return this.#cells[this.#at++] as string | null;
  }

  cell(): Cell {
    return this.#cells[this.#at++]!;
  }

  /** Returns the next cell without consuming it. */
  peek(): Cell {
    return this.#cells[this.#at]!;
  }

  cells(count: number): readonly Cell[] {
    const from = this.skip(count);
    return this.#cells.slice(from, from + count);
  }

  /** Skips cells and returns the position of the first one. */
  skip(count: number): number {
    this.#at += count;
    return this.#at - count;
  }

  numbers(count: number): readonly number[] {
    return this.cells(count) as readonly number[];
  }
}

/** Converts a result to row objects. */
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
