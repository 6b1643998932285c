/** Runs prepared statements whose parameters are already in the format of the protocol. */
import pg from "pg";
import type { BindMessage } from "./bind-message.ts";

export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

export interface BoundStatement {
  readonly statement: PreparedStatement;
  /** The parameters, which are sent once. */
  readonly message: BindMessage;
}

/** Statements that a connection has prepared, by name, as `pg` keeps them. */
interface Prepared {
  readonly parsedStatements: Readonly<Record<string, string>>;
}

/** Resolves with the rows. */
export function runBatch<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  { statement, message }: BoundStatement,
): Promise<readonly Row[]> {
  const send = (connection: pg.Connection): void => {
    if (!isPrepared(connection, statement)) connection.parse({ ...statement, types: [] }, true);
    bindAndExecute(connection, message);
  };
  return run<Row>(client, statement, send).then(([rows]) => rows!);
}

/**
 * Runs several statements in one transaction, with one round trip and one commit: PostgreSQL commits what it has run when it reads the
 * `Sync` after them. Resolves with the rows of each. If one of them fails, none has an effect.
 */
export async function runTogether(
  client: pg.ClientBase,
  bound: readonly BoundStatement[],
): Promise<readonly (readonly pg.QueryResultRow[])[]> {
  const { connection } = client as pg.ClientBase & { readonly connection: pg.Connection };
  for (const { statement } of bound) {
    // `pg` takes every confirmation of a query for that of the statement with the name of the query.
    if (!isPrepared(connection, statement))
      await run(client, statement, () => connection.parse({ ...statement, types: [] }, true));
  }
  return run(client, bound[0]!.statement, () => {
    for (const { message } of bound) bindAndExecute(connection, message);
  });
}

/** Sends messages as the query with the name of a statement. Resolves with the rows of each statement that was run. */
function run<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  { name, text }: PreparedStatement,
  send: (connection: pg.Connection) => void,
): Promise<readonly (readonly Row[])[]> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query<Row>({ name, text }, [], (error, result: pg.QueryResult<Row> | pg.QueryResult<Row>[]) =>
      // `pg` passes `null` when there is no error, and a list if there are several results.
      error instanceof Error
        ? reject(error)
        : resolve((Array.isArray(result) ? result : [result]).map(({ rows }) => rows)),
    );
    query.submit = (connection) => {
      const { stream } = connection;
      // The connection has failed: `pg` rejects the query.
      if (!stream.writable) return;
      stream.cork();
      try {
        send(connection);
        connection.sync();
      } finally {
        stream.uncork();
      }
    };
    client.query(query);
  });
}

function isPrepared(connection: pg.Connection, { name, text }: PreparedStatement): boolean {
  return (connection as pg.Connection & Prepared).parsedStatements[name] === text;
}

/** What `pg` does for a query with parameters, except that the message with them is not made here. */
function bindAndExecute(connection: pg.Connection, message: BindMessage): void {
  const parts = message.finish();
  const last = parts.length - 1;
  for (let index = 0; index < last; index++) connection.stream.write(parts[index]!);
  connection.stream.write(parts[last]!, (error) => {
    // After an error, the socket may still have the memory.
    if (!error) message.release();
  });
  connection.describe({ type: "P", name: "" }, true);
  connection.execute(null, true);
}
