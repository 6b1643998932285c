import { readFileSync } from "node:fs";
import { isNightly } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { keyAtTime } from "../src/lib/id.ts";
import { migrationStates, runMigrations } from "../src/store/migrate.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../src/store/migrations/list.ts";
import { databaseAt, LABELLED, NOW, type OldDatabase, type Shape } from "./support/old-database.ts";
import { onPostgres } from "./support/store.ts";

const KEY = keyAtTime(NOW);

/** Tables that a migration rewrites, with its version: their rows change. */
const REWRITTEN: Readonly<Record<string, number>> = { task: 5 };
/** Tables and columns that a later version renamed. */
const RENAMED: Readonly<Record<string, string>> = {
  source_rhythm: "source_activity",
  source_reconcile: "source_backfill",
  rhythm_json: "activity_json",
  silent_at: "inactive_at",
  silent_since: "inactive_since",
  reconciled_until: "backfilled_until",
  pacing: "flow_state",
  source_watch: "ingest_uptime",
  listened_from: "up_since",
  asked_by: "requested_by",
};
/** This many of the newest versions are upgraded in every run, and one in this many of the others. */
const NEWEST = 12;
const INTERVAL = onPostgres ? 8 : 4;
/**
 * Versions to bring up to date. Each runs all migrations after it, so all of them take a minute of processor time on PostgreSQL, and half of
 * it on SQLite: only the nightly run starts at each.
 */
const STARTS = MIGRATIONS.map(({ name }, index) => [index, name] as const).filter(
  ([version]) => isNightly || version >= MIGRATIONS.length - NEWEST || version % INTERVAL === 0 || version === LABELLED,
);
const today = (name: string): string => RENAMED[name] ?? name;
const TASK_DATA = '{"cursor":1,"messagesSent":2,"from":3,"to":4}';

function sample(column: string, type: string): unknown {
  if (/int/.test(type)) return KEY;
  if (/^(channels|tags)_json$/.test(column)) return '["a"]';
  return type === "text" ? TASK_DATA : Buffer.from([0, 255]);
}

/** One row in every table, with a value in every column. */
async function fill({ shape, run }: OldDatabase): Promise<Shape> {
  const tables = await shape();
  // Also where PostgreSQL generates the keys.
  const overriding = onPostgres ? "OVERRIDING SYSTEM VALUE" : "";
  for (const [table, columns] of tables) {
    const places = [...columns].map((_, index) => `$${index + 1}`).join(", ");
    await run(
      `INSERT INTO ${table} (${[...columns.keys()].join(", ")}) ${overriding} VALUES (${places})`,
      [...columns].map(([column, type]) => sample(column, type)),
    );
  }
  return tables;
}

async function newestShape(): Promise<Shape> {
  await using fresh = await databaseAt(SCHEMA_VERSION);
  return await fresh.shape();
}

/** Names of the columns of each table in the Kysely types, by the name of the table. */
function typedColumns(): ReadonlyMap<string, ReadonlySet<string>> {
  const text = [
    "schema.ts",
    "source-schema.ts",
    "feed-schema.ts",
    "relay-schema.ts",
    "portal-key-schema.ts",
    "subscription-schema.ts",
    "watch-schema.ts",
    "connected-client-schema.ts",
    "people-schema.ts",
    "audit-schema.ts",
    "request-log-schema.ts",
    "share-schema.ts",
    "saved-view-schema.ts",
    "task-schema.ts",
    "encryption-schema.ts",
    "erasure-schema.ts",
    "server-schema.ts",
    "redaction-schema.ts",
    "statistics-schema.ts",
    "incident-schema.ts",
    "alert-schema.ts",
  ]
    .map((name) => readFileSync(new URL(`../src/store/${name}`, import.meta.url), "utf8"))
    .join("\n");
  const types = new Map<string, readonly string[]>();
  for (const [, name = "", base, body = ""] of text.matchAll(
    /export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}/gs,
  )) {
    const own = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, column = ""]) => column);
    types.set(name, [...(types.get(base ?? "") ?? []), ...own]);
  }
  const [, database = ""] = /export interface Database \{\n(.*?)\n\}/s.exec(text) ?? [];
  const tables = [...database.matchAll(/^ {2}(?:readonly )?(\w+): (\w+);/gm)];
  return new Map(tables.map(([, table = "", type = ""]) => [table, new Set(types.get(type))]));
}

describe("a new database", () => {
  it("has exactly the columns of its Kysely types", async () => {
    const typed = typedColumns();
    expect(typed.size).toBeGreaterThan(30);
    const differences = [...(await newestShape())].flatMap(([table, columns]) => {
      const named = typed.get(table);
      if (named === undefined) return [];
      const untyped = [...columns.keys()].filter((column) => !named.has(column));
      const missing = [...named].filter((column) => !columns.has(column));
      return [...untyped.map((one) => `${table}.${one} has no type`), ...missing.map((one) => `${table} lacks ${one}`)];
    });
    expect(differences).toEqual([]);
  });
});

describe("a database", () => {
  const newest = newestShape();

  it.each(STARTS)("with data of version %i is upgraded, and keeps every value (next: %s)", async (version) => {
    await using old = await databaseAt(version);
    const before = await fill(old);
    const applied = await runMigrations(old.location, NOW);
    expect(applied.map((state) => state.version)).toEqual(MIGRATIONS.slice(version).map((_, at) => version + at + 1));

    const after = await old.shape();
    expect(after).toEqual(await newest);
    for (const [table, columns] of before) {
      if (version < (REWRITTEN[table] ?? 0)) continue;
      const kept = [...columns.keys()].filter((column) => after.get(today(table))?.has(today(column)) === true);
      const rows = await old.run(`SELECT ${kept.map(today).join(", ")} FROM ${today(table)}`);
      const plain = rows.map((row) => Object.values(row).map(asText));
      expect([table, plain]).toEqual([table, [kept.map((column) => asText(sample(column, columns.get(column)!)))]]);
    }
    if (version === 0 || version >= LABELLED) return;
    const labels = await old.run("SELECT app_id, kind, name, message_id FROM message_label ORDER BY kind");
    expect(labels.map((row) => Object.values(row).map(asText))).toEqual(
      ["0", "1"].map((kind) => [String(KEY), kind, "a", String(KEY)]),
    );
  });

  it("has backfills and subscriptions to operational webhooks under their new names, and customers' own event types unchanged", async () => {
    const version = MIGRATIONS.findIndex(({ name }) => name === "source names");
    await using old = await databaseAt(version);
    await fill(old);
    const types = '["source.silent","source.reconciled","endpoint.disabled"]';
    await old.run("UPDATE task SET kind = 'source.reconcile'");
    await old.run("UPDATE operational_event SET type = 'source.silent'");
    await old.run("UPDATE application SET kind = 1");
    await old.run("UPDATE endpoint SET event_types_json = $1", [types]);
    await old.run("CREATE TABLE kept AS SELECT * FROM endpoint");
    await old.run("UPDATE kept SET id = id + 1, public_id = 'ep_customer', app_id = app_id + 1");
    await old.run("INSERT INTO endpoint SELECT * FROM kept");
    await old.run("DROP TABLE kept");
    await runMigrations(old.location, NOW);
    expect(await old.run("SELECT kind FROM task")).toMatchObject([{ kind: "source.backfill" }]);
    expect(await old.run("SELECT type FROM operational_event")).toMatchObject([{ type: "source.inactive" }]);
    expect(await old.run("SELECT event_types_json FROM endpoint ORDER BY id")).toMatchObject([
      { event_types_json: '["source.inactive","source.backfilled","endpoint.disabled"]' },
      { event_types_json: types },
    ]);
  });

  it("has the progress of backfills and replays under its new names, and values that contain the old ones unchanged", async () => {
    const version = MIGRATIONS.findIndex(({ name }) => name === "state names");
    await using old = await databaseAt(version);
    await fill(old);
    const value = 'the API answered {"trouble":1}';
    const backfill = { already: 3, failures: 1, trouble: value };
    await old.run("UPDATE task SET kind = 'source.backfill', data_json = $1", [JSON.stringify(backfill)]);
    await old.run("CREATE TABLE kept AS SELECT * FROM task");
    await old.run("UPDATE kept SET id = id + 1, public_id = 'task_2', kind = 'endpoint.recover', data_json = $1", [
      JSON.stringify({ paceFrom: NOW, waitingSince: null }),
    ]);
    await old.run("INSERT INTO task SELECT * FROM kept");
    await old.run("DROP TABLE kept");
    await runMigrations(old.location, NOW);
    const rows = await old.run("SELECT data_json FROM task ORDER BY id");
    expect(rows.map(({ data_json }) => JSON.parse(String(data_json)))).toEqual([
      { duplicates: 3, failures: 1, lastError: value },
      { budgetFrom: NOW, waitingSince: null },
    ]);
  });

  it("reports applied and pending migrations without changing anything, and is up to date after one run", async () => {
    await using old = await databaseAt(3);
    const applied = (await migrationStates(old.location)).map((state) => state.applied);
    expect(applied).toEqual(MIGRATIONS.map((_, index) => index < 3));
    expect((await migrationStates(old.location)).filter((state) => state.applied)).toHaveLength(3);
    expect(await runMigrations(old.location, NOW)).toHaveLength(SCHEMA_VERSION - 3);
    expect(await runMigrations(old.location, NOW)).toEqual([]);
    expect((await migrationStates(old.location)).every((state) => state.applied)).toBe(true);
  });

  it("of a later version is rejected and not changed", async () => {
    await using old = await databaseAt(SCHEMA_VERSION);
    if (onPostgres) await old.run("INSERT INTO schema_version VALUES ($1, 'later', $2)", [SCHEMA_VERSION + 1, NOW]);
    else await old.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const before = await old.shape();
    await expect(runMigrations(old.location, NOW)).rejects.toMatchObject({ code: "schema_too_new" });
    await expect(migrationStates(old.location)).rejects.toMatchObject({ code: "schema_too_new" });
    expect(await old.shape()).toEqual(before);
  });
});

/** Numbers of either database, and bytes, as text. */
function asText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}
