/** Request handlers of the database threads. The caller opens the connection. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
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
  type ThreadRequest,
} from "./protocol.ts";

/** Primary result codes after which the other rows of the batch would fail too. */
const FATAL_CODES = new Set([10 /* IOERR */, 11 /* CORRUPT */, 13 /* FULL */, 26 /* NOTADB */]);

export type Handler = (request: ThreadRequest) => unknown;

const NOTHING: PackedResult = { columns: [], cells: [], changes: null };

/** Returns the handler of a reader thread: lists, gets and look-ups. */
export function readerOn(db: DatabaseSync): Handler {
  const query = prepareQuery(db);
  return (request) => {
    if (request.op === "query") return query(request.sql, request.parameters);
    if (request.op === "close") return close(db);
    throw new Error(`a reader does not do ${request.op}`);
  };
}

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

function close(db: DatabaseSync): null {
  db.close();
  return null;
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

/** Returns a function that runs compiled queries. It caches up to 500 statements by their text. */
function prepareQuery(db: DatabaseSync): (sql: string, parameters: readonly unknown[]) => PackedResult {
  const kept = new Map<string, StatementSync>();
  return (sql, parameters) => {
    let statement = kept.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statement.setReturnArrays(true);
      if (kept.size >= 500) kept.clear();
      kept.set(sql, statement);
    }
    const values = parameters as SQLInputValue[];
    const columns = statement.columns().map(({ name }) => name);
    if (columns.length === 0) return { columns, cells: [], changes: Number(statement.run(...values).changes) };
    const cells: unknown[] = [];
    // Rows are arrays because of `setReturnArrays`; the types of Node declare objects only.
    for (const row of statement.all(...values) as unknown as unknown[][]) cells.push(...row);
    return { columns, cells, changes: null };
  };
}

export function failureOf(error: unknown): ThreadFailure {
  const code = (error as { errcode?: unknown }).errcode;
  return {
    message: error instanceof Error ? error.message : String(error),
    sqliteCode: typeof code === "number" ? code : null,
    ...(error instanceof StoreError ? { posthornCode: error.code } : {}),
  };
}
