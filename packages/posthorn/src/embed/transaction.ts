/**
 * Transactions of the host application, in any supported client. The types contain only what is needed to send one statement with
 * parameters, so that no client is a dependency.
 */
import { CompiledQuery } from "kysely";
import { PosthornError } from "../lib/errors.ts";

/** A `pg` client between BEGIN and COMMIT. */
export interface PgTransaction {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/** The transaction object of `sql.begin` in `postgres`. */
export interface PostgresJsTransaction {
  unsafe(text: string, parameters: never[]): PromiseLike<readonly unknown[]>;
  savepoint: unknown;
}

/** The transaction object of `transaction().execute` in Kysely. */
export interface KyselyTransaction {
  readonly isTransaction: boolean;
  executeQuery(query: never): Promise<{ rows: unknown[] }>;
}

/** The transaction object of `transaction` in Drizzle, on `pg` or `postgres`. */
export interface DrizzleTransaction {
  execute(query: string): PromiseLike<unknown>;
  rollback(): never;
}

/** The client of an interactive `$transaction` in Prisma. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** The transaction object of `transaction` in Knex. */
export interface KnexTransaction {
  readonly isTransaction?: boolean;
  raw(sql: string, bindings: never): PromiseLike<unknown>;
}

/** Sends one statement with parameters (`$1`, `$2`, …) on the transaction of any other client, and returns its rows. */
export type SendStatement = (text: string, values: readonly (string | null)[]) => PromiseLike<readonly unknown[]>;

export type HostTransaction =
  | PgTransaction
  | PostgresJsTransaction
  | KyselyTransaction
  | DrizzleTransaction
  | PrismaTransaction
  | KnexTransaction
  | SendStatement;

/**
 * Returns a function that sends statements on this transaction. Parameters are strings or null, which every client passes on unchanged.
 *
 * Throws `not_supported` if `tx` is not a transaction of a client above, because a message published outside of one cannot be rolled back.
 */
export function statementsOn(tx: HostTransaction): SendStatement {
  const has = (name: string): boolean => typeof (tx as unknown as Record<string, unknown>)[name] === "function";
  // Some method names are used by several clients, so the unique ones are checked first.
  if (has("$queryRawUnsafe")) return onPrisma(tx as PrismaTransaction);
  if (has("unsafe")) return onPostgresJs(tx as PostgresJsTransaction);
  if (has("executeQuery")) return onKysely(tx as KyselyTransaction);
  if (has("raw")) return onKnex(tx as KnexTransaction);
  if (has("execute")) return onDrizzle(tx as DrizzleTransaction);
  if (has("query")) return onPg(tx as PgTransaction);
  if (typeof tx === "function") return tx;
  throw noTransaction("The value of tx is not from a client that Posthorn supports");
}

function onPg(tx: PgTransaction): SendStatement {
  if ("totalCount" in tx) throw noTransaction("A pool of pg takes another connection for each statement");
  return async (text, values) => (await tx.query(text, [...values])).rows;
}

function onPostgresJs(tx: PostgresJsTransaction): SendStatement {
  if (typeof tx.savepoint !== "function")
    throw noTransaction("This sql of postgres is not the one that sql.begin passes to its callback");
  return (text, values) => tx.unsafe(text, [...values] as never[]);
}

function onKysely(tx: KyselyTransaction): SendStatement {
  if (!tx.isTransaction) throw noTransaction("This Kysely instance is not a transaction");
  return async (text, values) => (await tx.executeQuery(CompiledQuery.raw(text, [...values]) as never)).rows;
}

const PLACEHOLDER = /\$(\d+)/g;

/** Knex placeholders have no numbers, so a value that the statement uses twice is passed twice. */
function onKnex(tx: KnexTransaction): SendStatement {
  if (tx.isTransaction !== true) throw noTransaction("This knex instance is not a transaction");
  return async (text, values) => {
    const bindings = Array.from(text.matchAll(PLACEHOLDER), ([, number]) => values[Number(number) - 1]);
    return rowsOf(await tx.raw(text.replaceAll(PLACEHOLDER, "?"), bindings as never));
  };
}

/**
 * Drizzle only accepts parameters in an instance of its SQL class. They are therefore written into the statement as hexadecimal digits, which
 * cannot be interpreted as SQL, regardless of their content or the server's settings.
 */
function onDrizzle(tx: DrizzleTransaction): SendStatement {
  if (typeof tx.rollback !== "function") throw noTransaction("This Drizzle database is not a transaction");
  return async (text, values) =>
    rowsOf(await tx.execute(text.replaceAll(/\$(\d+)/g, (_, place: string) => literal(values[Number(place) - 1]!))));
}

function literal(value: string | null): string {
  if (value === null) return "NULL";
  return `convert_from(decode('${Buffer.from(value).toString("hex")}', 'hex'), 'UTF8')`;
}

function onPrisma(tx: PrismaTransaction): SendStatement {
  // A transaction client has no `$connect`. It may have `$transaction`, because later versions support nested transactions.
  if ("$connect" in tx && typeof tx.$connect === "function") {
    throw noTransaction("This client of Prisma is not the one that $transaction passes to its callback");
  }
  return async (text, values) => rowsOf(await tx.$queryRawUnsafe(text, ...values));
}

/** Some clients return the rows, others a result object that contains them. */
function rowsOf(result: unknown): readonly unknown[] {
  return Array.isArray(result) ? (result as unknown[]) : (result as { rows: unknown[] }).rows;
}

function noTransaction(reason: string): PosthornError {
  return new PosthornError(
    "not_supported",
    `${reason}: pass the transaction object of your client as tx (pg, postgres, Kysely, Drizzle, Prisma, Knex), or a function that sends one statement on it.`,
  );
}
