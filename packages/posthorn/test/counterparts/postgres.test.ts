import { createDatabase, eventually, startPostgres, type TestPostgres } from "@posthorn/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  it("refuse a wrong password without repeating it", async () => {
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
