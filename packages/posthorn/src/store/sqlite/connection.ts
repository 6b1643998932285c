/** Request handler of the writer thread. The caller opens the connection. */
import type { DatabaseSync } from "node:sqlite";
import { prepareAccept } from "./hot/accept.ts";
import { type AnnouncingRecord, prepareAnnouncing } from "./hot/announce.ts";
import { prepareBacklog } from "./hot/backlog.ts";
import { prepareDue } from "./hot/due.ts";
import { destroyAtEnd, openExactBodies } from "./exact-bodies.ts";
import { PendingDeliveries } from "./hot/pending-deliveries.ts";
import { packPage } from "./packed-page.ts";
import { prepareRecord } from "./hot/record.ts";
import { FreeSpace } from "./free-space.ts";
import { Commits } from "./journal/commits.ts";
import { rollback } from "./journal/transact.ts";
import {
  type AcceptRow,
  type Batch,
  type BatchResult,
  decodeAccepts,
  decodeRecords,
  type FreeSpaceStep,
  type PackedResult,
  type RecordRow,
  type ThreadFailure,
} from "./protocol.ts";
import { close, failureOf, type Handler, prepareQuery } from "./reader.ts";

/** Primary result codes after which the other rows of the batch would fail too. */
const FATAL_CODES = new Set([10 /* IOERR */, 11 /* CORRUPT */, 13 /* FULL */, 26 /* NOTADB */]);

/** Messages and outcomes of a small batch. Larger ones share a commit already, and go to the journal only if most deliveries can be inserted later. */
const MAX_SMALL_ROWS = 16;
/** Size of the journal's entry for a small batch, without what all of its rows have. */
const MAX_SMALL_BYTES = 64 * 1024;
/** The same for each message of a larger batch. Writing large payloads to the journal too costs more than it saves. */
const MAX_MESSAGE_BYTES = 4 * 1024;
/** Messages and outcomes of the largest batch that goes to the journal. */
const MAX_JOURNALED_ROWS = 256;
/** Bytes of a delivery in the journal. */
const DELIVERY_BYTES = 64;

const NOTHING: PackedResult = { columns: [], cells: [], changes: null };

/** Returns the handler of the writer thread: batches, and queries that must see them. The schema must be up to date. */
export function writerOn(db: DatabaseSync, commits = new Commits(db, { path: null })): Handler {
  const pending = new PendingDeliveries(commits.statements);
  commits.deferred = pending;
  const announcing = prepareAnnouncing(commits.statements, prepareRecord(commits.statements, pending), pending);
  const freeSpace = new FreeSpace(db);
  const commit = prepareCommit(db, commits, { announcing, freeSpace, pending });
  const query = prepareQuery(db);
  const due = prepareDue(db);
  const backlog = prepareBacklog(db);
  return (request) => {
    switch (request.op) {
      case "batch":
        if (!commits.isOpen) rollback(db);
        return commit(request.batch);
      case "settle":
        commits.settle();
        return null;
      case "query":
        commits.settle();
        if (request.sql.startsWith("BEGIN")) rollback(db);
        announcing.forget();
        // As in `transact`: the error may have rolled the transaction back already, and the caller must get that error.
        if (request.sql === "ROLLBACK" && !db.isTransaction) return NOTHING;
        return query(request.sql, request.parameters);
      case "due":
        commits.apply();
        return packPage(due(request));
      case "backlog":
        commits.apply();
        return backlog();
      case "reclaim":
        commits.settle();
        // Not a prepared statement: this pragma frees one page per step, and `run` takes a single step.
        db.exec(`PRAGMA incremental_vacuum(${request.pages})`);
        return null;
      case "free-space":
        commits.settle();
        rollback(db);
        return runStep(freeSpace, commits, request.step);
      case "close":
        commits.close();
        close(db);
        freeSpace.close();
        return null;
    }
  };
}

function runStep(freeSpace: FreeSpace, commits: Commits, step: FreeSpaceStep): number | boolean | null {
  switch (step.kind) {
    case "overwrite-freed":
      freeSpace.overwriteFreed(step.isOn);
      return null;
    case "return-pages":
      return freeSpace.returnPages();
    case "overwrite":
      return freeSpace.overwrite(step.from);
    case "empty-log":
      commits.overwriteJournal();
      return freeSpace.emptyLog();
  }
}

interface CommitParts {
  readonly announcing: AnnouncingRecord;
  readonly freeSpace: FreeSpace;
  readonly pending: PendingDeliveries;
}

/** Runs a batch as one transaction. If one of its rows fails, runs each row in a separate transaction, so that the others succeed. */
function prepareCommit(
  db: DatabaseSync,
  commits: Commits,
  { announcing, freeSpace, pending }: CommitParts,
): (batch: Batch) => BatchResult {
  const accept = prepareAccept(commits.statements, pending, () => {
    freeSpace.alwaysOverwriteFreed();
    destroyAtEnd(db);
  });
  if (openExactBodies(db)) freeSpace.alwaysOverwriteFreed();
  const { record, announced } = announcing;
  return (batch) => {
    const accepts = withPayloads(decodeAccepts(batch.accepts), batch.payloads);
    const records = decodeRecords(batch.records);
    const isJournaled = isSmall(accepts, records) || isWorthwhile(accepts, records, pending);
    try {
      const result = commits.transact(() => {
        const statuses = accepts.map((one) => accept(...one));
        for (const row of records) record(row);
        const all = statuses.every((status) => status === "stored");
        return { accepts: all ? null : statuses, records: null, announced: announced() };
      }, isJournaled);
      return { ...result, isOpen: commits.isOpen };
    } catch (error) {
      const code = failureOf(error).sqliteCode;
      if (accepts.length + records.length === 1 || (code !== null && FATAL_CODES.has(code & 0xff))) throw error;
      const results = {
        accepts: accepts.map((one) => attempt(() => commits.transact(() => accept(...one), false))),
        records: records.map((row) => attempt(() => commits.transact(() => record(row), false)) ?? null),
      };
      return { ...results, announced: announced(), isOpen: commits.isOpen };
    }
  };
}

function withPayloads(rows: readonly AcceptRow[], payloads: Uint8Array): readonly PayloadRow[] {
  let offset = 0;
  return rows.map((row) => {
    const payload = payloads.subarray(offset, offset + row.payloadBytes);
    offset += row.payloadBytes;
    if (row.exact === null) return [row, payload, null] as const;
    const sealed = payloads.subarray(offset, offset + row.exact.sealedBytes);
    offset += row.exact.sealedBytes;
    return [row, payload, sealed] as const;
  });
}

/** A message, its payload, and its encrypted exact body. */
type PayloadRow = readonly [AcceptRow, payload: Uint8Array, sealed: Uint8Array | null];

function isSmall(accepts: readonly PayloadRow[], records: readonly RecordRow[]): boolean {
  return accepts.length + records.length <= MAX_SMALL_ROWS && mayBeJournaled(accepts, MAX_SMALL_BYTES);
}

/** Whether the journal saves more for a larger batch than it costs: most of its rows are messages, or outcomes of deliveries that are not inserted yet. */
function isWorthwhile(
  accepts: readonly PayloadRow[],
  records: readonly RecordRow[],
  pending: PendingDeliveries,
): boolean {
  const rows = accepts.length + records.length;
  if (rows > MAX_JOURNALED_ROWS || !mayBeJournaled(accepts, accepts.length * MAX_MESSAGE_BYTES)) return false;
  const fresh = records.reduce((count, { messageId }) => count + (pending.has(messageId) ? 1 : 0), accepts.length);
  return 2 * fresh >= rows;
}

/** Exact bodies are destroyed at a time that the statement reads from the clock, so their statements are not run again later. */
function mayBeJournaled(accepts: readonly PayloadRow[], maxBytes: number): boolean {
  let bytes = 0;
  for (const [row, payload, sealed] of accepts) {
    if (sealed !== null) return false;
    bytes += payload.byteLength + row.endpointIds.length * DELIVERY_BYTES;
  }
  return bytes <= maxBytes;
}

function attempt<T>(work: () => T): T | ThreadFailure {
  try {
    return work();
  } catch (error) {
    return failureOf(error);
  }
}
