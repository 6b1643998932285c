/** Request handler of the writer thread. The caller opens the connection. */
import type { DatabaseSync } from "node:sqlite";
import { prepareAccept } from "./hot/accept.ts";
import { type AnnouncingRecord, prepareAnnouncing } from "./hot/announce.ts";
import { prepareBacklog } from "./hot/backlog.ts";
import { prepareDue } from "./hot/due.ts";
import { destroyAtEnd, openExactBodies } from "./exact-bodies.ts";
import { packPage } from "./packed-page.ts";
import { prepareRecord } from "./hot/record.ts";
import { FreeSpace } from "./free-space.ts";
import { Commits, rollback } from "./journal/commits.ts";
import {
  type AcceptRow,
  type Batch,
  type BatchResult,
  decodeAccepts,
  decodeRecords,
  type FreeSpaceStep,
  type PackedResult,
  type ThreadFailure,
} from "./protocol.ts";
import { close, failureOf, type Handler, prepareQuery } from "./reader.ts";

/** Primary result codes after which the other rows of the batch would fail too. */
const FATAL_CODES = new Set([10 /* IOERR */, 11 /* CORRUPT */, 13 /* FULL */, 26 /* NOTADB */]);

/** Messages and outcomes of a small batch. Larger ones share a commit already, and are written to the database only. */
const MAX_SMALL_ROWS = 16;
/** Size of the journal's entry for a small batch, without what all of its rows have. */
const MAX_SMALL_BYTES = 64 * 1024;
/** Bytes of a delivery in the journal. */
const DELIVERY_BYTES = 64;

const NOTHING: PackedResult = { columns: [], cells: [], changes: null };

/** Returns the handler of the writer thread: batches, and queries that must see them. The schema must be up to date. */
export function writerOn(db: DatabaseSync, commits = new Commits(db, { path: null })): Handler {
  const announcing = prepareAnnouncing(commits.statements, prepareRecord(commits.statements));
  const freeSpace = new FreeSpace(db);
  const commit = prepareCommit(db, commits, announcing, freeSpace);
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
        commits.recover();
        return packPage(due(request));
      case "backlog":
        commits.recover();
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

/** Runs a batch as one transaction. If one of its rows fails, runs each row in a separate transaction, so that the others succeed. */
function prepareCommit(
  db: DatabaseSync,
  commits: Commits,
  announcing: AnnouncingRecord,
  freeSpace: FreeSpace,
): (batch: Batch) => BatchResult {
  const accept = prepareAccept(commits.statements, () => {
    freeSpace.alwaysOverwriteFreed();
    destroyAtEnd(db);
  });
  if (openExactBodies(db)) freeSpace.alwaysOverwriteFreed();
  const { record, announced } = announcing;
  return (batch) => {
    const accepts = withPayloads(decodeAccepts(batch.accepts), batch.payloads);
    const records = decodeRecords(batch.records);
    const isSmall = accepts.length + records.length <= MAX_SMALL_ROWS && mayBeJournaled(accepts);
    try {
      const result = commits.transact(() => {
        const statuses = accepts.map((one) => accept(...one));
        for (const row of records) record(row);
        const all = statuses.every((status) => status === "stored");
        return { accepts: all ? null : statuses, records: null, announced: announced() };
      }, isSmall);
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

function withPayloads(
  rows: readonly AcceptRow[],
  payloads: Uint8Array,
): readonly (readonly [AcceptRow, payload: Uint8Array, sealed: Uint8Array | null])[] {
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

/** Exact bodies are destroyed at a time that the statement reads from the clock, so their statements are not run again later. */
function mayBeJournaled(accepts: readonly (readonly [AcceptRow, Uint8Array, Uint8Array | null])[]): boolean {
  let bytes = 0;
  for (const [row, payload, sealed] of accepts) {
    if (sealed !== null) return false;
    bytes += payload.byteLength + row.endpointIds.length * DELIVERY_BYTES;
  }
  return bytes <= MAX_SMALL_BYTES;
}

function attempt<T>(work: () => T): T | ThreadFailure {
  try {
    return work();
  } catch (error) {
    return failureOf(error);
  }
}
