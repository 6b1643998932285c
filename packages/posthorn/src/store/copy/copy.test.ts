/** Tests of copies between real databases, a SQLite file and PostgreSQL, in both directions. */
import { randomBytes, randomInt } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { createDatabase, sharedPostgres } from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import { SecretBox } from "../../lib/secret-box.ts";
import { SCHEMA_VERSION } from "../migrations/list.ts";
import { PostgresStore } from "../postgres/postgres-store.ts";
import { openForWriting } from "../sqlite/file.ts";
import { migrate } from "../sqlite/migrate.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { type CopyProgress, digestOf, planCopy, runCopy } from "./copy.ts";
import { PostgresSide } from "./postgres-side.ts";
import type { CopyTarget, TableShape } from "./side.ts";
import { SqliteSide } from "./sqlite-side.ts";
import { OWN_TABLES, TABLES } from "./tables.ts";

/** A folder for files, and an empty PostgreSQL database. */
async function places() {
  const folder = temporaryFolder();
  const database = await createDatabase(await sharedPostgres());
  return {
    url: database.url,
    path: (name: string): string => join(folder.path, name),
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const fileSource = (path: string): CopyTarget => SqliteSide.open({ path, as: "source", replaceNul: true });
const fileTarget = (path: string): CopyTarget => SqliteSide.open({ path, as: "target", replaceNul: false });
const canOpen = (): boolean => true;
const ignore = (): void => undefined;

async function copy(source: CopyTarget, target: CopyTarget, onProgress: (progress: CopyProgress) => void = ignore) {
  await using from = source;
  await using to = target;
  const sides = { source: from, target: to };
  return await runCopy(sides, await planCopy(sides, canOpen), onProgress);
}

/** Creates a database file with the current schema, open for writing. */
function newFile(path: string): DatabaseSync {
  const db = openForWriting(path);
  migrate(db);
  return db;
}

const NOW = Date.now();
const HISTORY_MS = 15 * 86_400_000;

/** Extreme and ordinary values of each type. */
const INTEGERS = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n, 1n, BigInt(NOW)];
const TEXTS = ["", "a", "äöü €", "😀", "\u0001\u001f\"\\'\n\r\t", "\\N", "\\x00", "NULL", "\u{10ffff}", "e\u0301"];
const BLOBS = [Buffer.alloc(0), Buffer.of(0), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

/** Column of each partitioned table whose key determines the day of a row. */
const TIMED: Readonly<Record<string, string>> = { message: "id", attempt: "id", message_label: "message_id" };

/** Fills a table with rows of extreme values of each type, and NULL in nullable columns. */
function fill(db: DatabaseSync, table: string, rows: number): void {
  const columns = db.prepare("SELECT * FROM pragma_table_info(?)").all(table) as unknown as Column[];
  const timed = TIMED[table];
  const insert = db.prepare(`INSERT INTO ${table} (${columns.map(({ name }) => name).join(", ")})
    VALUES (${columns.map(() => "?").join(", ")})`);
  db.exec("BEGIN");
  for (let row = 0; row < rows; row++) {
    const values = columns.map(({ name, type, notnull, pk }): SQLInputValue => {
      if (name === timed) return keyAtTime(NOW - Math.floor((row / rows) * HISTORY_MS)) + row;
      if (table === "delivery" && name === "state") return 1;
      if (type === "INTEGER")
        return pk > 0 || UNIQUE.has(name) ? BigInt(row) * 2n ** 50n + 1n : pick(INTEGERS, notnull, row);
      if (type === "TEXT")
        return pk > 0 || UNIQUE.has(name) ? `${row} ${TEXTS[row % TEXTS.length]!}` : pick(TEXTS, notnull, row);
      return pk > 0 || name.endsWith("hash") ? randomBytes(32) : pick(BLOBS, notnull, row);
    });
    insert.run(...values);
  }
  db.exec("COMMIT");
}

/** Columns with a unique index. */
const UNIQUE = new Set([
  "public_id",
  "uid",
  "event_id",
  "merge_key",
  "name",
  "email",
  "person_id",
  "subject",
  "credential_id",
]);

function pick<T>(from: readonly T[], notnull: number, row: number): T | null {
  const at = (row + randomInt(from.length)) % (from.length + (notnull === 1 ? 0 : 1));
  return at === from.length ? null : from[at]!;
}

/** Every row of every copied table as text, for a comparison that is independent of the copy itself. */
function contentOf(path: string): Record<string, string[]> {
  const db = new DatabaseSync(path, { readOnly: true });
  const content = Object.fromEntries(
    TABLES.map((table) => {
      const columns = db.prepare("SELECT name FROM pragma_table_info(?) ORDER BY name").all(table);
      const quoted = columns.map(({ name }) => `quote(${String(name)})`).join(" || ' ' || ");
      const rows = db.prepare(`SELECT ${quoted} AS text FROM ${table}`).all();
      return [table, rows.map(({ text }) => String(text)).sort()];
    }),
  );
  db.close();
  return content;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, options: "-c search_path=posthorn" });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("the description of tables", () => {
  it("names every table of the schema in both databases, with the same columns, types and keys", async () => {
    await using place = await places();
    newFile(place.path("a.db")).close();
    await using file = fileSource(place.path("a.db"));
    await using server = await PostgresSide.open(place.url);
    await server.begin("test", { first: 0, last: 0 });
    const inFile = await file.shapes();
    const onServer = await server.shapes();
    expect([...inFile.keys()].sort()).toEqual([...TABLES, ...OWN_TABLES.sqlite].sort());
    expect([...onServer.keys()].sort()).toEqual([...TABLES, ...OWN_TABLES.postgres].sort());
    const withoutCounters = ({ name, columns, key }: TableShape) => ({ name, columns, key });
    for (const name of TABLES) {
      const shape = inFile.get(name)!;
      expect(withoutCounters(onServer.get(name)!)).toEqual(withoutCounters(shape));
      expect(shape.key).not.toEqual([]);
      expect(shape.columns.filter(({ type }) => type === undefined)).toEqual([]);
    }
  });
});

describe("a copy", () => {
  it("preserves every value of every table exactly, to PostgreSQL and back", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    for (const table of TABLES) fill(db, table, 30);
    db.close();
    const there = await copy(fileSource(place.path("a.db")), await PostgresSide.open(place.url));
    const back = await copy(await PostgresSide.open(place.url), fileTarget(place.path("b.db")));
    expect(back).toEqual(there);
    expect(there.every(({ rows }) => rows === 30)).toBe(true);
    expect(contentOf(place.path("b.db"))).toEqual(contentOf(place.path("a.db")));
  });

  it("creates a partition for each day of history, and event ids stay taken", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    fill(db, "message", 30);
    const withEvent = db.prepare("SELECT event_id FROM message WHERE event_id IS NOT NULL ORDER BY id").all();
    db.close();
    await copy(fileSource(place.path("a.db")), await PostgresSide.open(place.url));
    const [spread = {}] = await ask(
      place.url,
      `SELECT count(DISTINCT tableoid)::int AS days,
         count(*) FILTER (WHERE tableoid = 'message_before'::regclass)::int AS before FROM message`,
    );
    // 30 messages over 15 days; depending on the time of day they span 15 or 16 calendar days.
    expect([15, 16]).toContain(spread["days"]);
    expect(spread["before"]).toBe(0);
    expect(await ask(place.url, "SELECT event_id FROM event_id_taken ORDER BY message_id")).toEqual(withEvent);
  });

  it("replaces NUL characters, which PostgreSQL does not allow in texts, with U+FFFD, and reports how many", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    db.prepare("INSERT INTO sweep VALUES (?, 1)").run("a\0b");
    db.prepare("INSERT INTO broadcast (task_id, message_json, payload) VALUES (1, ?, ?)").run(
      '{"a":"\\u0000"}',
      Buffer.from("a\0b"),
    );
    db.close();
    const source = fileSource(place.path("a.db"));
    await copy(source, await PostgresSide.open(place.url));
    // Each row is read twice: for the copy, and for the comparison.
    expect(source.replaced).toBe(2);
    expect(await ask(place.url, "SELECT name FROM sweep")).toEqual([{ name: "a\uFFFDb" }]);
    expect(await ask(place.url, "SELECT message_json, payload FROM broadcast")).toEqual([
      { message_json: '{"a":"\\u0000"}', payload: Buffer.from("a\0b") },
    ]);
  });

  it("continues the sequences of the source, so that no number is assigned twice, in both directions", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    db.exec("INSERT INTO organisation (id, public_id, created_at) VALUES (7, 'org_7', 0)");
    db.exec("INSERT INTO operational_event (id, org_id, type, at, due, count) VALUES (41, 1, 'a', 0, 0, 1)");
    db.exec("DELETE FROM operational_event");
    db.close();
    await copy(fileSource(place.path("a.db")), await PostgresSide.open(place.url));
    const insert = "INSERT INTO operational_event (org_id, type, at, due, count) VALUES (1, 'a', 0, 0, 1) RETURNING id";
    expect(await ask(place.url, insert)).toEqual([{ id: "42" }]);
    expect(
      await ask(place.url, "INSERT INTO organisation (public_id, created_at) VALUES ('org_8', 0) RETURNING id"),
    ).toEqual([{ id: "8" }]);
    await ask(place.url, "DELETE FROM operational_event");
    await copy(await PostgresSide.open(place.url), fileTarget(place.path("b.db")));
    const back = new DatabaseSync(place.path("b.db"));
    expect(back.prepare(insert).get()).toEqual({ id: 43 });
    back.close();
  });

  it("includes commits that a killed server left in the write-ahead log", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.exec("INSERT INTO sweep VALUES ('in the log', 1)");
    for (const end of ["", "-wal"]) copyFileSync(place.path(`a.db${end}`), place.path(`killed.db${end}`));
    db.close();
    await copy(fileSource(place.path("killed.db")), await PostgresSide.open(place.url));
    expect(await ask(place.url, "SELECT name FROM sweep")).toEqual([{ name: "in the log" }]);
  });
});

describe("a copy that was stopped", () => {
  class Stopped extends Error {}

  const stopAfter = (batches: number) => {
    let seen = 0;
    return (): void => {
      if (++seen === batches) throw new Stopped();
    };
  };

  it.each(["to PostgreSQL", "to a file"])(
    "continues where it stopped, %s, and until it is complete no server starts on the target",
    async (to) => {
      await using place = await places();
      const db = newFile(place.path("a.db"));
      for (const table of ["message", "delivery", "attempt", "flow_state"]) fill(db, table, 2500);
      db.close();
      const toServer = to === "to PostgreSQL";
      if (!toServer) await copy(fileSource(place.path("a.db")), await PostgresSide.open(place.url));
      const source = async () => (toServer ? fileSource(place.path("a.db")) : PostgresSide.open(place.url));
      const target = async () => (toServer ? PostgresSide.open(place.url) : fileTarget(place.path("b.db")));
      const starts = async (): Promise<void> => {
        const store = toServer
          ? await PostgresStore.open({ url: place.url })
          : await SqliteStore.open({ path: place.path("b.db") });
        await store[Symbol.asyncDispose]();
      };
      // Stops within a table, at the end of one, and when only the comparison is left.
      for (const batches of [2, 3, 8]) {
        await expect(copy(await source(), await target(), stopAfter(batches))).rejects.toThrow(Stopped);
        await expect(starts()).rejects.toMatchObject({ code: "copy_unfinished" });
      }
      const checked = await copy(await source(), await target());
      expect(checked.filter(({ rows }) => rows > 0).map(({ rows }) => rows)).toEqual([2500, 2500, 2500, 2500]);
      await starts();
      expect(contentOf(place.path(toServer ? "a.db" : "b.db"))).toEqual(contentOf(place.path("a.db")));
    },
  );

  it("does not continue from another source", async () => {
    await using place = await places();
    for (const name of ["a.db", "b.db"]) {
      const db = newFile(place.path(name));
      fill(db, "flow_state", 10);
      db.close();
    }
    await expect(
      copy(fileSource(place.path("a.db")), await PostgresSide.open(place.url), stopAfter(1)),
    ).rejects.toThrow(Stopped);
    await expect(copy(fileSource(place.path("b.db")), await PostgresSide.open(place.url))).rejects.toMatchObject({
      code: "copy_refused",
      message: expect.stringContaining(`contains an incomplete copy from sqlite:${place.path("a.db")}`),
    });
  });
});

describe("a copy fails", () => {
  const refusal = (text: string) => ({ code: "copy_refused", message: expect.stringContaining(text) });

  it("if a row differs in the comparison at the end, and the target stays unusable", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    fill(db, "flow_state", 10);
    db.close();
    let tampered: Promise<unknown> | null = null;
    await using source = fileSource(place.path("a.db"));
    await using target = await PostgresSide.open(place.url);
    const sides = {
      source,
      target: Object.assign(target, {
        derive: () => (tampered = ask(place.url, "UPDATE flow_state SET used = 5 WHERE key LIKE '1 %'")),
      }),
    };
    await expect(runCopy(sides, await planCopy(sides, canOpen), ignore)).rejects.toMatchObject(
      refusal("differs from sqlite:"),
    );
    expect(tampered).not.toBeNull();
    await target[Symbol.asyncDispose]();
    await expect(PostgresStore.open({ url: place.url })).rejects.toMatchObject({ code: "copy_unfinished" });
  });

  it("when the target has rows", async () => {
    await using place = await places();
    newFile(place.path("a.db")).close();
    const db = newFile(place.path("b.db"));
    db.exec("INSERT INTO sweep VALUES ('a', 1)");
    db.close();
    await expect(copy(fileSource(place.path("a.db")), fileTarget(place.path("b.db")))).rejects.toMatchObject(
      refusal("is not empty, its table sweep has rows"),
    );
  });

  it("while a server is running on either side", async () => {
    await using place = await places();
    await using file = await SqliteStore.open({ path: place.path("a.db") });
    expect(() => fileSource(place.path("a.db"))).toThrow(expect.objectContaining({ code: "data_folder_in_use" }));
    await using server = await PostgresStore.open({ url: place.url });
    await expect(PostgresSide.open(place.url)).rejects.toMatchObject({ code: "data_folder_in_use" });
    expect([file, server]).toHaveLength(2);
  });

  it("and so does a server start while a copy runs", async () => {
    await using place = await places();
    await using side = await PostgresSide.open(place.url);
    await expect(PostgresStore.open({ url: place.url })).rejects.toMatchObject({ code: "data_folder_in_use" });
    expect(side.name).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/test_/);
  });

  it("when the schema is of another version, older or newer", async () => {
    await using place = await places();
    const file = newFile(place.path("a.db"));
    file.exec(`PRAGMA user_version = ${SCHEMA_VERSION - 1}`);
    await expect(copy(fileSource(place.path("a.db")), fileTarget(place.path("b.db")))).rejects.toMatchObject(
      refusal("was written by an older Posthorn"),
    );
    file.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    await expect(copy(fileSource(place.path("a.db")), fileTarget(place.path("b.db")))).rejects.toMatchObject({
      code: "schema_too_new",
    });
    file.close();
  });

  it("when another build migrated the source", async () => {
    await using place = await places();
    const file = newFile(place.path("a.db"));
    file.exec("UPDATE schema_version SET name = 'widgets' WHERE version = 5");
    file.close();
    await expect(copy(fileSource(place.path("a.db")), fileTarget(place.path("b.db")))).rejects.toMatchObject({
      code: "schema_mismatch",
      message: expect.stringContaining('"widgets"') as string,
    });
  });

  it("when there is nothing to copy", async () => {
    await using place = await places();
    expect(() => fileSource(place.path("none.db"))).toThrow(expect.objectContaining(refusal("There is no database")));
    await expect(copy(await PostgresSide.open(place.url), fileTarget(place.path("b.db")))).rejects.toMatchObject(
      refusal("contains no data of Posthorn"),
    );
  });

  it("when secrets were encrypted with another key, or no key is configured", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    const secretBox = SecretBox.withKey(randomBytes(32));
    db.prepare("INSERT INTO endpoint_secret VALUES (1, 1, ?, NULL)").run(
      secretBox.seal("whsec_a", "endpoint_secret.secret_sealed 1 1"),
    );
    db.close();
    const other = SecretBox.withKey(randomBytes(32));
    await using source = fileSource(place.path("a.db"));
    await using target = fileTarget(place.path("b.db"));
    await expect(planCopy({ source, target }, (sealed, context) => other.opens(sealed, context))).rejects.toMatchObject(
      refusal("is not the one that they were encrypted with"),
    );
    await expect(planCopy({ source, target }, null)).rejects.toMatchObject(refusal("there is no key for them here"));
    await expect(
      planCopy({ source, target }, (sealed, context) => secretBox.opens(sealed, context)),
    ).resolves.toMatchObject({
      resumed: false,
    });
  });
});

describe("a plan", () => {
  it("reports what would be copied, and creates neither files nor tables", async () => {
    await using place = await places();
    const db = newFile(place.path("a.db"));
    fill(db, "flow_state", 10);
    db.close();
    await using source = fileSource(place.path("a.db"));
    await using server = await PostgresSide.open(place.url);
    await using file = SqliteSide.open({ path: place.path("b.db"), as: "look", replaceNul: false });
    for (const target of [server, file]) {
      const { tables } = await planCopy({ source, target }, canOpen);
      expect(tables.filter(({ rows }) => rows > 0).map(({ shape, rows }) => [shape.name, rows])).toEqual([
        ["flow_state", 10],
      ]);
      expect(await target.version()).toBe(0);
    }
    expect(await ask(place.url, "SELECT nspname FROM pg_namespace WHERE nspname = 'posthorn'")).toEqual([]);
    const digest = await digestOf(source, (await source.shapes()).get("flow_state")!);
    expect(digest.rows).toBe(10);
  });
});
