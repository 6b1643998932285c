/**
 * SQL of a table source: one function, and one trigger per kind of change.
 *
 * Triggers run per statement, with the old and new rows as transition tables, which PostgreSQL stores on disk when they are large. So a
 * statement over 100,000 rows needs no additional memory, and one savepoint per statement is enough to undo a failed publish, instead of
 * one per row. Old and new rows are matched by primary key and application: a row that moves to another key or application is reported
 * as a deletion there and a creation here.
 */
import pg from "pg";
import { SCHEMA } from "../schema-name.ts";
import { type Change, CHANGES, DEFAULT_PAYLOAD, type TableSource, templateParts, typeOf } from "./definition.ts";

/** A table of the product. */
export interface SourceTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

type Row = "new" | "old";

export function functionOf(name: string): string {
  return `${SCHEMA}.on_${name}`;
}

export function qualified({ schema, name }: SourceTable): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

/**
 * Returns the SQL that adds a source.
 * @param owner Owner of the function: the owner of Posthorn's schema, whose rights the function has.
 */
export function installSql(source: TableSource, table: SourceTable, owner: string): string {
  const name = functionOf(source.name);
  const triggers = triggersOf(source).map((change) => triggerSql(source, table, change));
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS ${dollar(bodySql(source, table))};
ALTER FUNCTION ${name}() OWNER TO ${pg.escapeIdentifier(owner)};
REVOKE ALL ON FUNCTION ${name}() FROM PUBLIC;
COMMENT ON FUNCTION ${name}() IS ${pg.escapeLiteral(JSON.stringify({ ...source, table: qualified(table) }))};
${triggers.join("\n")}
`;
}

/** Returns the SQL that removes a source with its triggers and its record of missed events. */
export function removeSql(name: string): string {
  return `DROP FUNCTION ${functionOf(name)}() CASCADE;
DELETE FROM ${SCHEMA}.table_source_missed WHERE source = ${pg.escapeLiteral(name)};
`;
}

/** Returns SQL that runs every expression of a source on zero rows, so that a mistake is reported now and not at the first change. */
export function checkSql(source: TableSource, table: SourceTable): string {
  const none = `(SELECT * FROM ${qualified(table)} WHERE false)`;
  return triggersOf(source)
    .map((change) => `WITH new_rows AS ${none}, old_rows AS ${none} ${rowsSql(source, table, change)};`)
    .join("\n");
}

/** Returns the changes that need a trigger. Updates always do, because an update can be reported as a deletion and a creation. */
function triggersOf({ changes }: TableSource): readonly Change[] {
  return CHANGES.filter((change) => changes.includes(change) || change === "update");
}

function triggerSql(source: TableSource, table: SourceTable, change: Change): string {
  const rows = [
    ...(change === "insert" ? [] : ["OLD TABLE AS old_rows"]),
    ...(change === "delete" ? [] : ["NEW TABLE AS new_rows"]),
  ];
  return `CREATE TRIGGER posthorn_${source.name}_${change} AFTER ${change.toUpperCase()} ON ${qualified(table)}
  REFERENCING ${rows.join(" ")} FOR EACH STATEMENT EXECUTE FUNCTION ${functionOf(source.name)}();`;
}

function bodySql(source: TableSource, table: SourceTable): string {
  const branches = triggersOf(source).map((change) => {
    const rows = rowsSql(source, table, change);
    const all = `SELECT count(${publishSql("m")}) FROM (${rows}) AS m`;
    const publish = source.strict ? `    EXECUTE ${dollar(all)};` : forgivingSql(all, rows);
    return `  IF TG_OP = '${change.toUpperCase()}' THEN\n${publish}\n  END IF;`;
  });
  return `
#variable_conflict use_column
DECLARE
  posthorn_row record;
  posthorn_missed bigint := 0;
  posthorn_reason text;
BEGIN
${branches.join("\n")}
${source.strict ? "" : warnSql(source)}  RETURN NULL;
END `;
}

function publishSql(row: string): string {
  return `${SCHEMA}.publish(${row}.app, ${row}.type, ${row}.payload, ordering_key => ${row}.key, org => ${row}.org)`;
}

/**
 * Publishes all rows of the statement at once. If that fails, publishes each row separately, so that the others succeed.
 *
 * Uses `EXECUTE`, so that each statement is planned for its number of rows. A cached plan for a single row would match old and new rows by
 * scanning all of them for each row.
 */
function forgivingSql(all: string, rows: string): string {
  return `    BEGIN
      EXECUTE ${dollar(all)};
    EXCEPTION WHEN OTHERS THEN
      FOR posthorn_row IN EXECUTE ${dollar(rows)} LOOP
        BEGIN
          PERFORM ${publishSql("posthorn_row")};
        EXCEPTION WHEN OTHERS THEN
          posthorn_missed := posthorn_missed + 1;
          posthorn_reason := SQLERRM;
        END;
      END LOOP;
    END;`;
}

/** Warns of missed events and records at most one row per minute, so that a source that always fails does not fill the disk. */
function warnSql({ name }: TableSource): string {
  const source = pg.escapeLiteral(name);
  return `  IF posthorn_missed > 0 THEN
    RAISE WARNING 'posthorn: % events of the table source ${name} were not published: %', posthorn_missed, posthorn_reason;
    BEGIN
      INSERT INTO ${SCHEMA}.table_source_missed (source, at, missed, reason)
      SELECT ${source}, floor(extract(epoch FROM clock_timestamp()) * 1000), posthorn_missed, posthorn_reason
      WHERE NOT EXISTS (SELECT FROM ${SCHEMA}.table_source_missed m
        WHERE m.source = ${source} AND m.at > (extract(epoch FROM clock_timestamp()) - 60) * 1000);
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END IF;
`;
}

/** Returns the query for the events of a statement: application, organisation, type, payload and ordering key of each. */
function rowsSql(source: TableSource, table: SourceTable, change: Change): string {
  const of = (told: Change, from: string): string[] =>
    source.changes.includes(told) ? [eventsSql(source, table, told, from)] : [];
  if (change === "insert") return eventsSql(source, table, "insert", `new_rows AS new ${without("new_rows", "old")}`);
  if (change === "delete") return eventsSql(source, table, "delete", `old_rows AS old ${without("old_rows", "new")}`);
  const same = sameRow(source, table);
  return [
    ...of("update", `new_rows AS new JOIN old_rows AS old ON ${same}`),
    ...of(
      "insert",
      `new_rows AS new ${without("new_rows", "old")} WHERE NOT EXISTS (SELECT FROM old_rows AS old WHERE ${same})`,
    ),
    ...of(
      "delete",
      `old_rows AS old ${without("old_rows", "new")} WHERE NOT EXISTS (SELECT FROM new_rows AS new WHERE ${same})`,
    ),
  ].join("\n  UNION ALL ");
}

/** Joins the missing old or new row with NULL in all columns. */
function without(rows: string, alias: Row): string {
  return `LEFT JOIN (SELECT * FROM ${rows} WHERE false) AS ${alias} ON true`;
}

function sameRow({ app }: TableSource, { key }: SourceTable): string {
  const columns = "column" in app ? [...key, app.column] : key;
  return columns
    .map((column) => {
      const name = pg.escapeIdentifier(column);
      return key.includes(column)
        ? `new.${name} = old.${name}`
        : `new.${name}::text IS NOT DISTINCT FROM old.${name}::text`;
    })
    .join(" AND ");
}

function eventsSql(source: TableSource, table: SourceTable, change: Change, from: string): string {
  const row: Row = change === "delete" ? "old" : "new";
  const app =
    "column" in source.app
      ? `${row}.${pg.escapeIdentifier(source.app.column)}::text`
      : pg.escapeLiteral(source.app.constant);
  const org = source.org === null ? "NULL" : pg.escapeLiteral(source.org);
  const conditions = [
    ...("column" in source.app ? [`${app} IS NOT NULL`] : []),
    ...(change === "update" ? [isChanged(columnsOf(source, table))] : []),
    ...(source.when === null ? [] : [`(${source.when})`]),
  ];
  const where =
    conditions.length === 0 ? "" : ` ${from.includes(" WHERE NOT ") ? "AND" : "WHERE"} ${conditions.join(" AND ")}`;
  return `SELECT ${app} AS app, ${org}::text AS org, ${pg.escapeLiteral(typeOf(source.type, change))}::text AS type,
    ${payloadSql(source, table, change)} AS payload, ${keySql(table, row)} AS key
  FROM ${from}${where}`;
}

function columnsOf({ columns }: TableSource, table: SourceTable): readonly string[] {
  return columns ?? table.columns;
}

/** Compares columns as texts, because not every type has an equality operator. */
function isChanged(columns: readonly string[]): string {
  const texts = (row: Row): string => columns.map((column) => `${row}.${pg.escapeIdentifier(column)}::text`).join(", ");
  return `ROW(${texts("old")}) IS DISTINCT FROM ROW(${texts("new")})`;
}

function payloadSql(source: TableSource, table: SourceTable, change: Change): string {
  const values: Readonly<Record<string, string>> = {
    table: jsonText(`${table.schema}.${table.name}`),
    change: jsonText(change),
    new: change === "delete" ? "'null'" : rowJson("new", columnsOf(source, table)),
    old: change === "insert" ? "'null'" : rowJson("old", columnsOf(source, table)),
  };
  const parts = templateParts(source.payload ?? DEFAULT_PAYLOAD).map((part, at) =>
    at % 2 === 0 ? pg.escapeLiteral(part) : (values[part.trim()] ?? `coalesce(to_json(${part})::text, 'null')`),
  );
  return `convert_to(${parts.join(" || ")}, 'UTF8')`;
}

function jsonText(text: string): string {
  return pg.escapeLiteral(JSON.stringify(text));
}

function rowJson(row: Row, columns: readonly string[]): string {
  const names = columns.map((column) => `${row}.${pg.escapeIdentifier(column)}`).join(", ");
  return `(SELECT to_json(r) FROM (SELECT ${names}) AS r)::text`;
}

/** Ordering key of a row, so that its deliveries keep their order. A key that is too long is cut and made unique by a digest. */
function keySql({ schema, name, key }: SourceTable, row: Row): string {
  const values = key.map((column) => `${row}.${pg.escapeIdentifier(column)}::text`).join(", ");
  const text = `(${pg.escapeLiteral(`${schema}.${name}/`)} || concat_ws(',', ${values}))`;
  return `CASE WHEN length(${text}) <= 256 THEN ${text} ELSE left(${text}, 223) || ':' || md5(${text}) END`;
}

/** Quotes the text of a function with a tag that is not in it. */
function dollar(text: string): string {
  let tag = "$posthorn$";
  for (let number = 1; text.includes(tag); number++) tag = `$posthorn${number}$`;
  return tag + text + tag;
}
