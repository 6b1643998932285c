/**
 * A transaction of the host's, whichever client began it. Of each client the smallest part is named that sends one statement with
 * parameters; none of them is a dependency.
 */
import { CompiledQuery } from "kysely";
import { PosthornError } from "../lib/errors.ts";

/** A client of `pg` between BEGIN and COMMIT. */
export interface PgTransaction {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What `sql.begin` of `postgres` hands over. */
export interface PostgresJsTransaction {
  unsafe(text: string, parameters: never[]): PromiseLike<readonly unknown[]>;
  savepoint: unknown;
}

/** What `transaction().execute` of Kysely hands over. */
export interface KyselyTransaction {
  readonly isTransaction: boolean;
  executeQuery(query: never): Promise<{ rows: unknown[] }>;
}

/** What `transaction` of Drizzle hands over, on `pg` or `postgres`. */
export interface DrizzleTransaction {
  execute(query: string): PromiseLike<unknown>;
  rollback(): never;
}

/** What an interactive `$transaction` of Prisma hands over. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** What `transaction` of Knex hands over. */
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
 * How to send a statement on this transaction. Parameters are texts or null, which every client passes on as they are.
 *
 * Throws `not_supported` for what is no transaction of a client named above: what is published outside of one cannot be rolled back.
 */
export function statementsOn(tx: HostTransaction): SendStatement {
  const has = (name: string): boolean => typeof (tx as unknown as Record<string, unknown>)[name] === "function";
  // Some clients have a method of another's name: those that only they have are asked for first.
  if (has("$queryRawUnsafe")) return onPrisma(tx as PrismaTransaction);
  if (has("unsafe")) return onPostgresJs(tx as PostgresJsTransaction);
  if (has("executeQuery")) return onKysely(tx as KyselyTransaction);
  if (has("raw")) return onKnex(tx as KnexTransaction);
  if (has("execute")) return onDrizzle(tx as DrizzleTransaction);
  if (has("query")) return onPg(tx as PgTransaction);
  if (typeof tx === "function") return tx;
  throw noTransaction("What was given as tx is of no client that Posthorn knows");
}

function onPg(tx: PgTransaction): SendStatement {
  if ("totalCount" in tx) throw noTransaction("A pool of pg takes another connection for each statement");
  return async (text, values) => (await tx.query(text, [...values])).rows;
}

function onPostgresJs(tx: PostgresJsTransaction): SendStatement {
  if (typeof tx.savepoint !== "function")
    throw noTransaction("This sql of postgres is not the one that sql.begin hands over");
  return (text, values) => tx.unsafe(text, [...values] as never[]);
}

function onKysely(tx: KyselyTransaction): SendStatement {
  if (!tx.isTransaction) throw noTransaction("This Kysely is no transaction");
  return async (text, values) => (await tx.executeQuery(CompiledQuery.raw(text, [...values]) as never)).rows;
}

/** Its placeholders have no numbers. */
function onKnex(tx: KnexTransaction): SendStatement {
  if (tx.isTransaction !== true) throw noTransaction("This knex is no transaction");
  return async (text, values) => rowsOf(await tx.raw(text.replaceAll(/\$\d+/g, "?"), [...values] as never));
}

/**
 * Takes parameters only in an object of its own class. So they stand in the text, as hexadecimal digits, which no setting of the server
 * and no content can turn into SQL.
 */
function onDrizzle(tx: DrizzleTransaction): SendStatement {
  if (typeof tx.rollback !== "function") throw noTransaction("This database of Drizzle is no transaction");
  return async (text, values) =>
    rowsOf(await tx.execute(text.replaceAll(/\$(\d+)/g, (_, place: string) => literal(values[Number(place) - 1]!))));
}

function literal(value: string | null): string {
  if (value === null) return "NULL";
  return `convert_from(decode('${Buffer.from(value).toString("hex")}', 'hex'), 'UTF8')`;
}

function onPrisma(tx: PrismaTransaction): SendStatement {
  // A client in a transaction cannot connect; later versions can begin a nested transaction.
  if ("$connect" in tx && typeof tx.$connect === "function") {
    throw noTransaction("This client of Prisma is not the one that $transaction hands over");
  }
  return async (text, values) => rowsOf(await tx.$queryRawUnsafe(text, ...values));
}

/** Some clients give the rows, some a result with them. */
function rowsOf(result: unknown): readonly unknown[] {
  return Array.isArray(result) ? (result as unknown[]) : (result as { rows: unknown[] }).rows;
}

function noTransaction(reason: string): PosthornError {
  return new PosthornError(
    "not_supported",
    `${reason}: give tx what your client hands to a transaction (pg, postgres, Kysely, Drizzle, Prisma, Knex), or a function that sends one statement on it.`,
  );
}
