/** Runs a prepared statement whose parameters are already in the format of the protocol. */
import pg from "pg";
import type { BindMessage } from "./bind-message.ts";

export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Statements that a connection has prepared, by name, as `pg` keeps them. */
interface Prepared {
  readonly parsedStatements: Readonly<Record<string, string>>;
}

/** Resolves with the rows. @param message The parameters, which are sent once. */
export function runBatch<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  { name, text }: PreparedStatement,
  message: BindMessage,
): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query<Row>({ name, text }, [], (error, result) =>
      // `pg` passes `null` when there is no error.
      error instanceof Error ? reject(error) : resolve(result.rows),
    );
    query.submit = (connection) => submit(connection, { name, text }, message);
    client.query(query);
  });
}

/** What `pg` does for a query with parameters, except that the message with them is not made here. */
function submit(connection: pg.Connection, { name, text }: PreparedStatement, message: BindMessage): void {
  const { stream } = connection;
  // The connection has failed: `pg` rejects the query.
  if (!stream.writable) return;
  const isPrepared = (connection as pg.Connection & Prepared).parsedStatements[name] === text;
  stream.cork();
  try {
    if (!isPrepared) connection.parse({ name, text, types: [] }, true);
    stream.write(message.finish(), (error) => {
      // After an error, the socket may still have the memory.
      if (!error) message.release();
    });
    connection.describe({ type: "P", name: "" }, true);
    connection.execute(null, true);
    connection.sync();
  } finally {
    stream.uncork();
  }
}
