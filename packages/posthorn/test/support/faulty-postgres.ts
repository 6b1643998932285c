/** Makes a chosen statement of a store fail on a real PostgreSQL, so that the server is in the state after such an error. */
import pg from "pg";

export interface StatementFault {
  readonly name: string;
  /** Replaces the statement, or follows it in the same text. A statement with parameters can only be replaced. */
  readonly at: "instead" | "after";
  readonly sql: string;
}

const raise = (code: string): string => `DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '${code}'; END $$`;

/** The errors that a statement can have in production: a lock timeout, a cancel, an aborted transaction, a lost race, a lost connection. */
export const STATEMENT_FAULTS: readonly StatementFault[] = [
  { name: "55P03 after it", at: "after", sql: raise("55P03") },
  { name: "55P03 instead of it", at: "instead", sql: raise("55P03") },
  { name: "57014 after it", at: "after", sql: raise("57014") },
  { name: "25P02 instead of it", at: "instead", sql: raise("25P02") },
  { name: "40001 after it", at: "after", sql: raise("40001") },
  { name: "an end of the connection", at: "instead", sql: "SELECT pg_terminate_backend(pg_backend_pid())" },
];

type Query = (this: pg.Client, config: unknown, ...rest: unknown[]) => unknown;

interface Named {
  readonly connectionParameters?: { readonly application_name?: string };
}

/** Replaces `query` of every client of `pg` in this process, until it is disposed of. */
export class FaultyStatements implements Disposable {
  readonly #original: Query;
  #countdown = 0;
  #fault: StatementFault | null = null;

  constructor() {
    const prototype = pg.Client.prototype as unknown as { query: Query };
    const original = (this.#original = prototype.query);
    const next = (client: pg.Client): StatementFault | null => this.#next(client);
    prototype.query = function (this: pg.Client, config, ...rest) {
      const fault = next(this);
      if (fault === null) return original.call(this, config, ...rest);
      const plain = typeof config === "string" && rest.length === 0 ? config : null;
      const replaced = fault.at === "instead" || plain === null ? fault.sql : `${plain}; ${fault.sql}`;
      const { callback } = config as { readonly callback?: unknown };
      // A query object has a callback, and `query` returns no promise then.
      return callback === undefined ? original.call(this, replaced) : original.call(this, replaced, callback);
    };
  }

  /** Makes the n-th statement from now on fail, counted over the pools of the store. */
  arm(n: number, fault: StatementFault): void {
    this.#countdown = n;
    this.#fault = fault;
  }

  /** Whether the statement was executed and failed. No other one fails from now on. */
  disarm(): boolean {
    const failed = this.#fault === null;
    this.#fault = null;
    return failed;
  }

  [Symbol.dispose](): void {
    (pg.Client.prototype as unknown as { query: Query }).query = this.#original;
  }

  #next(client: pg.Client): StatementFault | null {
    const name = (client as Named).connectionParameters?.application_name ?? "";
    if (this.#fault === null || !/^posthorn (?:hot|lookups|queries)$/.test(name)) return null;
    if (--this.#countdown > 0) return null;
    const fault = this.#fault;
    this.#fault = null;
    return fault;
  }
}
