import { createDatabase, eventually, startPostgres, type TestPostgres } from "@posthorn/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BatchScene, openBatchScene, outcomeOf } from "./batch-scene.ts";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

const TABLE = `(id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL,
  content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL)`;

describe("PostgreSQL rows", () => {
  let server: TestPostgres;
  let database: pg.Pool;
  let url: URL;
  let connector: TestConnector;
  const configOf = (changes: object = {}) => ({
    url: `postgres://127.0.0.1:${url.port}${url.pathname}`,
    username: "postgres",
    tableName: "events",
    tls: "disable",
    ...changes,
  });

  beforeAll(async () => {
    server = await startPostgres();
    url = new URL((await createDatabase(server.url)).url);
    database = new pg.Pool({ connectionString: url.href, max: 1 });
    database.on("error", () => undefined);
    await database.query(`CREATE TABLE events ${TABLE}`);
    connector = openConnector();
  });
  afterAll(async () => {
    await database?.end();
    await connector?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it("store the exact bytes with ID, type, time and headers", async () => {
    const message = messageOf(ALL_BYTES);
    expect(accepted(await connector.send("postgres", configOf(), message))).toEqual({
      kind: "ok",
      reference: message.id,
    });
    const { rows } = await database.query("SELECT * FROM events WHERE id = $1", [message.id]);
    expect(rows).toEqual([
      {
        id: message.id,
        event_type: "invoice.paid",
        event_id: "evt_1",
        created_at: new Date(message.createdAt),
        content_type: "application/json",
        headers: Object.fromEntries(message.attributes),
        payload: Buffer.from(ALL_BYTES),
      },
    ]);
  });

  it("store a message that is sent again only once", async () => {
    const message = messageOf();
    accepted(await connector.send("postgres", configOf(), message));
    expect(accepted(await connector.send("postgres", configOf(), message))).toMatchObject({ isDuplicate: true });
    const { rows } = await database.query("SELECT count(*)::int AS n FROM events WHERE id = $1", [message.id]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it("store hundreds of messages that are sent at once, each one once", async () => {
    const messages = Array.from({ length: 300 }, () => messageOf());
    for (const result of await Promise.all(messages.map((message) => connector.send("postgres", configOf(), message))))
      accepted(result);
    const ids = messages.map(({ id }) => id);
    const { rows } = await database.query("SELECT count(*)::int AS n FROM events WHERE id = ANY($1)", [ids]);
    expect(rows).toEqual([{ n: 300 }]);
  });

  it("accept JSON columns, and any schema and table name as an identifier and nothing else", async () => {
    const name = 'x"; DROP TABLE events; --';
    const quoted = `"odd schema"."${name.replaceAll('"', '""')}"`;
    await database.query(`CREATE SCHEMA "odd schema"; CREATE TABLE ${quoted} ${TABLE.replace("bytea", "jsonb")}`);
    accepted(await connector.send("postgres", configOf({ tableName: `odd schema.${name}` }), messageOf('{"a": 1}')));
    const { rows } = await database.query(`SELECT payload FROM ${quoted}`);
    expect(rows).toEqual([{ payload: { a: 1 } }]);
    expect((await database.query("SELECT to_regclass('events') AS t")).rows).toEqual([{ t: "events" }]);
    const invalid = await connector.send(
      "postgres",
      configOf({ tableName: `odd schema.${name}` }),
      messageOf("no JSON"),
    );
    rejected(invalid, "refused", "message_invalid");
  });

  it("report missing tables, columns, databases and permissions as problems of the destination", async () => {
    rejected(
      await connector.send("postgres", configOf({ tableName: "missing" }), messageOf()),
      "closed",
      "target_not_found",
    );
    await database.query("CREATE TABLE narrow (id text PRIMARY KEY)");
    rejected(
      await connector.send("postgres", configOf({ tableName: "narrow" }), messageOf()),
      "closed",
      "target_not_found",
    );
    const other = `postgres://127.0.0.1:${url.port}/missing`;
    rejected(await connector.send("postgres", configOf({ url: other }), messageOf()), "closed", "target_not_found");
    await database.query("CREATE ROLE reader LOGIN");
    rejected(
      await connector.send("postgres", configOf({ username: "reader" }), messageOf()),
      "closed",
      "credentials_refused",
    );
    rejected(
      await connector.send("postgres", configOf({ username: "unknown" }), messageOf()),
      "closed",
      "credentials_refused",
    );
  });

  it("reject a wrong password without repeating it", async () => {
    await using secured = await startPostgres({ password: "right-password" });
    const { port } = new URL(secured.url);
    const config = configOf({ url: `postgres://127.0.0.1:${port}/postgres`, password: "wrong-password" });
    const wrong = await connector.send("postgres", config, messageOf());
    expect(rejected(wrong, "closed", "credentials_refused")).not.toContain("wrong-password");
  });

  it("report a constraint that the row violates as a problem of the message", async () => {
    await database.query(`CREATE TABLE strict ${TABLE}; ALTER TABLE strict ADD CHECK (length(payload) < 100)`);
    const config = configOf({ tableName: "strict" });
    rejected(await connector.send("postgres", config, messageOf("a".repeat(200))), "refused", "message_invalid");
    accepted(await connector.send("postgres", config, messageOf("a")));
  });

  it("report a server without TLS when TLS is required", async () => {
    rejected(
      await connector.send("postgres", configOf({ tls: "verify-full" }), messageOf()),
      "closed",
      "connection_failed",
    );
  });

  it("are retried when the session is ended by the server, and stored once", async () => {
    const message = messageOf();
    accepted(await connector.send("postgres", configOf(), messageOf()));
    await database.query("BEGIN; LOCK TABLE events");
    const sent = connector.send("postgres", configOf(), message);
    const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthorn' AND wait_event_type = 'Lock'`;
    await eventually(async () => expect((await database.query(terminate)).rowCount).toBe(1));
    await database.query("COMMIT");
    expect(await sent).toMatchObject({ kind: "items", results: [{ kind: "retry" }] });
    accepted(await connector.send("postgres", configOf(), message));
    expect(accepted(await connector.send("postgres", configOf(), message))).toMatchObject({ isDuplicate: true });
  });
});

describe("PostgreSQL rows in batches", () => {
  const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `{"n":${n}}`);
  let server: TestPostgres;
  let database: pg.Pool;
  let url: URL;

  const open = (tableName: string): Promise<BatchScene> =>
    openBatchScene("postgres", {
      url: `postgres://127.0.0.1:${url.port}${url.pathname}`,
      username: "postgres",
      tableName,
      tls: "disable",
    });
  /** Creates a table, and counts the statements that insert into it. */
  const create = async (name: string, check = "true"): Promise<void> => {
    await database.query(`CREATE TABLE ${name} ${TABLE}; ALTER TABLE ${name} ADD CHECK (${check});
      CREATE TABLE ${name}_statements (rows bigint);
      CREATE FUNCTION ${name}_note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO ${name}_statements SELECT count(*) FROM added; RETURN NULL; END $$;
      CREATE TRIGGER note AFTER INSERT ON ${name} REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION ${name}_note()`);
  };
  const statements = async (name: string): Promise<readonly number[]> =>
    (await database.query<{ rows: string }>(`SELECT rows FROM ${name}_statements`)).rows.map(({ rows }) =>
      Number(rows),
    );
  const ids = async (name: string): Promise<readonly string[]> =>
    (await database.query<{ id: string }>(`SELECT id FROM ${name} ORDER BY id`)).rows.map(({ id }) => id);

  beforeAll(async () => {
    server = await startPostgres();
    url = new URL((await createDatabase(server.url)).url);
    database = new pg.Pool({ connectionString: url.href, max: 1 });
    database.on("error", () => undefined);
  });
  afterAll(async () => {
    await database?.end();
    await server?.[Symbol.asyncDispose]();
  });

  it("are stored by one statement, with the exact bytes of each message", async () => {
    await create("one");
    await using scene = await open("one");
    const bodies = [ALL_BYTES, '{"n": 1.0}', ""];
    const jobs = await scene.store(bodies);
    expect((await scene.send(jobs)).map(outcomeOf)).toEqual(["ok", "ok", "ok"]);
    expect(await statements("one")).toEqual([3]);
    for (const [index, { publicId }] of jobs.entries()) {
      const { rows } = await database.query<{ payload: Buffer }>("SELECT payload FROM one WHERE id = $1", [publicId]);
      expect(rows[0]!.payload).toEqual(Buffer.from(bodies[index]!));
    }
  });

  it("are stored, except for one that the table rejects, which fails permanently", async () => {
    await create("strict", "length(payload) < 100");
    await using scene = await open("strict");
    const jobs = await scene.store(numbered(20).map((body, n) => (n === 13 ? "x".repeat(200) : body)));
    const results = await scene.send(jobs);
    expect(results.map(outcomeOf)).toEqual(jobs.map((_, n) => (n === 13 ? "message_invalid" : "ok")));
    expect(results[13]).toMatchObject({ final: true });
    expect(await ids("strict")).toEqual(jobs.flatMap(({ publicId }, n) => (n === 13 ? [] : [publicId])).toSorted());
    // A rejected statement stores none of its rows. Statements with 20, 10, 5 and 2 rows were rejected.
    expect((await statements("strict")).reduce((sum, rows) => sum + rows)).toBe(19);
  });

  it("store each message once when a batch is sent again, even with different messages", async () => {
    await create("again");
    await using scene = await open("again");
    const jobs = await scene.store(numbered(6));
    for (const part of [jobs.slice(0, 4), jobs.slice(0, 4), jobs.slice(2)]) {
      expect((await scene.send(part)).every((result) => outcomeOf(result) === "ok")).toBe(true);
    }
    expect(await ids("again")).toEqual(jobs.map(({ publicId }) => publicId).toSorted());
    expect(await statements("again")).toEqual([4, 0, 2]);
  });

  it("use one attempt each when the server ends the session, and are stored once after that", async () => {
    await create("ended");
    await using scene = await open("ended");
    const [first, ...jobs] = await scene.store(numbered(5));
    expect((await scene.send([first!])).map(outcomeOf)).toEqual(["ok"]);
    await database.query("BEGIN; LOCK TABLE ended");
    const sent = scene.send(jobs);
    const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthorn' AND wait_event_type = 'Lock'`;
    await eventually(async () => expect((await database.query(terminate)).rowCount).toBe(1));
    await database.query("COMMIT");
    for (const result of await sent) expect(result).toMatchObject({ kind: "made", attempt: { status: 2 } });
    expect(await ids("ended")).toEqual([first!.publicId]);
    expect((await scene.send(jobs)).map(outcomeOf)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(await ids("ended")).toHaveLength(5);
  });

  it("all fail without being split if the table does not exist", async () => {
    await using scene = await open("missing");
    const results = await scene.send(await scene.store(numbered(3)));
    expect(results.map(outcomeOf)).toEqual(["target_not_found", "target_not_found", "target_not_found"]);
    expect(results.every((result) => result.kind === "made" && result.final !== true)).toBe(true);
  });

  it("can be as many and as large as the limits of the kind", async () => {
    await create("large");
    await using scene = await open("large");
    const jobs = await scene.store(Array.from({ length: 500 }, () => "x".repeat(8000)));
    expect((await scene.send(jobs)).every((result) => outcomeOf(result) === "ok")).toBe(true);
    expect(await statements("large")).toEqual([500]);
  });
});
