/** Request handler of a reader thread, which loads nothing that only the writer needs. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { openForReading } from "./file.ts";
import type { PackedResult, ThreadFailure, ThreadReply, ThreadRequest, ThreadResults } from "./protocol.ts";

export type Handler = (request: ThreadRequest) => unknown;

/** Opens the connection of a reader thread and returns its request handler. */
export function openReader(path: string): Handler {
  return readerOn(openForReading(path));
}

/** Returns the handler of a reader thread: lists, gets and look-ups. */
export function readerOn(db: DatabaseSync): Handler {
  const query = prepareQuery(db);
  return (request) => {
    if (request.op === "query") return query(request.sql, request.parameters);
    if (request.op === "close") return close(db);
    throw new Error(`a reader does not do ${request.op}`);
  };
}

/** Returns a function that runs compiled queries. It caches up to 500 statements by their text. */
export function prepareQuery(db: DatabaseSync): (sql: string, parameters: readonly unknown[]) => PackedResult {
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

/** The buffers to transfer with a reply. */
export function memoryOf({ op }: Pick<ThreadRequest, "op">, { value }: ThreadReply): ArrayBuffer[] {
  return op === "due" && value !== undefined ? [(value as ThreadResults["due"]).payloads.buffer] : [];
}

/** Closes the connection, as the response to a request. */
export function close(db: DatabaseSync): null {
  db.close();
  return null;
}
