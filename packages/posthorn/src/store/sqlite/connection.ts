/** Request handler of the writer thread. The caller opens the connection. */
import type { DatabaseSync } from "node:sqlite";
import { prepareAccept } from "./hot/accept.ts";
import { type AnnouncingRecord, prepareAnnouncing } from "./hot/announce.ts";
import { prepareBacklog } from "./hot/backlog.ts";
import { prepareDue } from "./hot/due.ts";
import { prepareRecord } from "./hot/record.ts";
import { FreeSpace } from "./free-space.ts";
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

const NOTHING: PackedResult = { columns: [], cells: [], changes: null };

/** Returns the handler of the writer thread: batches, and queries that must see them. The schema must be up to date. */
export function writerOn(db: DatabaseSync): Handler {
  const announcing = prepareAnnouncing(db, prepareRecord(db));
  const freeSpace = new FreeSpace(db);
  const commit = prepareCommit(db, announcing, freeSpace);
  const query = prepareQuery(db);
  const due = prepareDue(db);
  const backlog = prepareBacklog(db);
  return (request) => {
    switch (request.op) {
      case "batch":
        endLeftover(db);
        return commit(request.batch);
      case "query":
        if (request.sql.startsWith("BEGIN")) endLeftover(db);
        if (request.sql === "COMMIT") announcing.forget();
        // As in `transact`: the error may have rolled the transaction back already, and the caller must get that error.
        if (request.sql === "ROLLBACK" && !db.isTransaction) return NOTHING;
        return query(request.sql, request.parameters);
      case "due":
        return due(request);
      case "backlog":
        return backlog();
      case "reclaim":
        // Not a prepared statement: this pragma frees one page per step, and `run` takes a single step.
        db.exec(`PRAGMA incremental_vacuum(${request.pages})`);
        return null;
      case "free-space":
        endLeftover(db);
        return runStep(freeSpace, request.step);
      case "close":
        close(db);
        freeSpace.close();
        return null;
    }
  };
}

function runStep(freeSpace: FreeSpace, step: FreeSpaceStep): number | boolean | null {
  switch (step.kind) {
    case "overwrite-freed":
      freeSpace.overwriteFreed(step.isOn);
      return null;
    case "return-pages":
      return freeSpace.returnPages();
    case "overwrite":
      return freeSpace.overwrite(step.from);
    case "empty-log":
      return freeSpace.emptyLog();
  }
}

/** Runs a batch as one transaction. If one of its rows fails, runs each row in a separate transaction, so that the others succeed. */
function prepareCommit(
  db: DatabaseSync,
  announcing: AnnouncingRecord,
  freeSpace: FreeSpace,
): (batch: Batch) => BatchResult {
  const accept = prepareAccept(db, () => freeSpace.alwaysOverwriteFreed());
  if (db.prepare("SELECT 1 FROM exact_body LIMIT 1").get() !== undefined) freeSpace.alwaysOverwriteFreed();
  const { record, announced } = announcing;
  return (batch) => {
    const accepts = withPayloads(decodeAccepts(batch.accepts), batch.payloads);
    const records = decodeRecords(batch.records);
    try {
      return transact(db, () => {
        const statuses = accepts.map((one) => accept(...one));
        for (const row of records) record(row);
        const all = statuses.every((status) => status === "stored");
        return { accepts: all ? null : statuses, records: null, announced: announced() };
      });
    } catch (error) {
      const code = failureOf(error).sqliteCode;
      if (accepts.length + records.length === 1 || (code !== null && FATAL_CODES.has(code & 0xff))) throw error;
      const results = {
        accepts: accepts.map((one) => attempt(() => transact(db, () => accept(...one)))),
        records: records.map((row) => attempt(() => transact(db, () => record(row))) ?? null),
      };
      return { ...results, announced: announced() };
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

function transact<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    endLeftover(db);
    throw error;
  }
}

/** Rolls back an open transaction. SQLite may have done so already, as on a full disk. A failure is retried before the next transaction. */
function endLeftover(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec("ROLLBACK");
  } catch {
    // The caller gets the error that caused the rollback.
  }
}

function attempt<T>(work: () => T): T | ThreadFailure {
  try {
    return work();
  } catch (error) {
    return failureOf(error);
  }
}
