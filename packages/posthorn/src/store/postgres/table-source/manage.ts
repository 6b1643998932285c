/** Adds, lists and removes table sources. Posthorn must be in the same database as the tables. */
import pg from "pg";
import { StoreError } from "../../errors.ts";
import { onOwnClient } from "../connections.ts";
import { SCHEMA } from "../schema-name.ts";
import { serversName } from "../server-urls.ts";
import { listedSource, type ListedSource, LIST_SQL, type SourceRow } from "../../table-sources.ts";
import { checkDefinition, type TableSource } from "./definition.ts";
import { checkSql, installSql, qualified, removeSql, type SourceTable } from "./sql.ts";

/** Short, because all sessions that read or write the table wait behind the one that waits to add or remove a trigger. */
const LOCK_TIMEOUT = "5s";

/** Connects to the database of the tables, and checks that Posthorn is in it. */
export function withTables<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return onOwnClient({ url, use: "coordination" }, async (client) => {
    const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [
      `${SCHEMA}.table_source_missed`,
    ]);
    if (rows[0]!.known === null) throw notHere(url);
    return work(client);
  });
}

/** Returns the SQL that adds a source, and runs it unless it is a dry run. Throws `config_invalid` if the definition is invalid. */
export async function addSource(
  client: pg.ClientBase,
  source: TableSource,
  tableName: string,
  { dryRun }: { readonly dryRun: boolean },
): Promise<string> {
  checkDefinition(source);
  const table = await findTable(client, tableName);
  checkColumns(source, table);
  if ((await listSources(client)).some(({ name }) => name === source.name)) {
    throw refused(`There is a table source "${source.name}" already: remove it first, or choose another --name.`);
  }
  const { rows } = await client.query<{ owner: string }>(
    "SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1",
    [SCHEMA],
  );
  const sql = installSql(source, table, rows[0]!.owner);
  await inOneTransaction(
    client,
    async () => {
      await check(client, source, table);
      await client.query(sql);
    },
    dryRun,
  );
  return sql;
}

/** Returns the SQL that removes a source, and runs it unless it is a dry run. */
export async function removeSource(
  client: pg.ClientBase,
  name: string,
  { dryRun }: { readonly dryRun: boolean },
): Promise<string> {
  if (!(await listSources(client)).some((source) => source.name === name)) {
    throw refused(`There is no table source "${name}": \`posthorn tables list\` shows them.`);
  }
  const sql = removeSql(name);
  if (!dryRun) await inOneTransaction(client, () => client.query(sql), false);
  return sql;
}

export async function listSources(client: pg.ClientBase): Promise<readonly ListedSource[]> {
  const { rows } = await client.query<SourceRow>(LIST_SQL);
  return rows.map((row) => listedSource(row));
}

async function findTable(client: pg.ClientBase, name: string): Promise<SourceTable> {
  // Resolves the name as the product's connections would, without Posthorn's schema in the search path.
  const { rows } = await client.query<{
    schema: string;
    name: string;
    kind: string;
    columns: string[];
    key: string[] | null;
  }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       array(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum))
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::smallint[])
        WHERE i.indrelid = c.oid AND i.indisprimary) AS key
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = to_regclass(CASE WHEN position('.' IN $1) > 0 THEN $1 ELSE 'public.' || $1 END)`,
    [name],
  );
  const [found] = rows;
  if (found === undefined)
    throw refused(`There is no table ${name} here: name it with its schema, such as shop.orders.`);
  if (found.schema === SCHEMA)
    throw refused(`${name} is one of Posthorn's own tables: publishing its changes would cause further changes.`);
  if (found.kind !== "r" && found.kind !== "p")
    throw refused(`${name} is not a table. Only tables have changes to publish.`);
  if (found.key === null) throw refused(`${name} has no primary key, which identifies its rows: add one.`);
  return { ...found, key: found.key };
}

function checkColumns({ columns, app }: TableSource, table: SourceTable): void {
  for (const column of [...(columns ?? []), ...("column" in app ? [app.column] : [])]) {
    if (!table.columns.includes(column)) throw refused(`${qualified(table)} has no column "${column}".`);
  }
}

/** Checks that the application exists, and that PostgreSQL accepts every expression with the search path of the function. */
async function check(client: pg.ClientBase, source: TableSource, table: SourceTable): Promise<void> {
  if ("constant" in source.app) {
    await client.query("SELECT find_application($1, $2)", [source.app.constant, source.org]);
  }
  try {
    await client.query(`SET LOCAL search_path = pg_catalog, pg_temp; ${checkSql(source, table)}`);
    await client.query(`SET LOCAL search_path = ${SCHEMA}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code?.startsWith("42") !== true || error.code === "42501")
      throw error;
    const hint =
      "In --when and --payload, write columns as new.… and old.…, and qualify everything that is not built into PostgreSQL with its schema";
    throw new StoreError("config_invalid", `PostgreSQL cannot parse this: ${error.message}. ${hint}.`, {
      cause: error,
    });
  }
}

/** Runs `work` in a transaction, which a dry run rolls back at the end. */
async function inOneTransaction(client: pg.ClientBase, work: () => Promise<unknown>, takeBack: boolean): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
  try {
    await work();
    await client.query(takeBack ? "ROLLBACK" : "COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw explained(error);
  }
}

const LOCK_NOT_AVAILABLE = "55P03";
const FORBIDDEN = "42501";
const UNKNOWN_APPLICATION = "PH404";

function explained(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  if (error.code === LOCK_NOT_AVAILABLE) {
    return refused(`A transaction has used the table for longer than ${LOCK_TIMEOUT}: nothing was changed, try again.`);
  }
  if (error.code === FORBIDDEN) {
    return refused(
      `The role lacks the necessary privileges (${error.message}). Connect as the owner of the table, who must also be a member of the owner of the schema ${SCHEMA}, or as a superuser (--database-url).`,
    );
  }
  if (error.code === UNKNOWN_APPLICATION) return refused(error.message.replace(/^posthorn\.publish: t/, "T"));
  return error;
}

function refused(message: string): StoreError {
  return new StoreError("config_invalid", message);
}

function notHere(url: string): StoreError {
  return refused(
    `Posthorn is not in the database ${serversName(url)} (no schema ${SCHEMA}, or one of an older version). Events of a table are published in the transaction that changes it, so Posthorn must use the same database: start it once with POSTHORN_DATABASE_URL of this one (\`posthorn copy\` brings along what it has elsewhere).`,
  );
}
