/** Publishing in a transaction of the product, with each common client, on a real PostgreSQL. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDatabase,
  eventually,
  type Receiver,
  sharedPostgres,
  startReceiver,
  startServer,
  type TestDatabase,
} from "@posthorn/testkit";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { sql as drizzleSql } from "drizzle-orm";
import knexClient from "knex";
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import pg from "pg";
import { type HostTransaction, type MessageIn, Posthorn, PosthornPublisher } from "posthorn";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPrisma } from "../lib/prisma.ts";

/** The work of a test with a client: write an order, publish, and commit or roll back. */
type Work = (tx: HostTransaction) => Promise<void>;

interface Client {
  /** Runs `work` in a transaction that has inserted this order. */
  transact(order: number, work: Work): Promise<void>;
  /** An object that is not a transaction and must be refused as one. */
  readonly outside: HostTransaction;
  close(): Promise<unknown>;
}

const INSERT = "INSERT INTO orders (id) VALUES";

const CLIENTS: Readonly<Record<string, (url: string) => Client>> = {
  pg: (url) => {
    const pool = new pg.Pool({ connectionString: url });
    return {
      outside: pool,
      close: () => pool.end(),
      transact: async (order, work) => {
        const client = await pool.connect();
        try {
          await client.query("BEGIN");
          await client.query(`${INSERT} ($1)`, [order]);
          await work(client);
          await client.query("COMMIT");
        } catch (error) {
          await client.query("ROLLBACK");
          throw error;
        } finally {
          client.release();
        }
      },
    };
  },
  postgres: (url) => {
    const sql = postgres(url);
    return {
      outside: sql as unknown as HostTransaction,
      close: () => sql.end(),
      transact: async (order, work) => {
        await sql.begin(async (tx) => {
          await tx`INSERT INTO orders (id) VALUES (${order})`;
          await work(tx);
        });
      },
    };
  },
  Kysely: (url) => {
    const db = new Kysely<{ orders: { id: number } }>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
    });
    return {
      outside: db,
      close: () => db.destroy(),
      transact: (order, work) =>
        db.transaction().execute(async (tx) => {
          await kyselySql`INSERT INTO orders (id) VALUES (${order})`.execute(tx);
          await work(tx);
        }),
    };
  },
  "Drizzle on pg": (url) => {
    const pool = new pg.Pool({ connectionString: url });
    const db = drizzlePg(pool);
    return {
      outside: db as unknown as HostTransaction,
      close: () => pool.end(),
      transact: (order, work) =>
        db.transaction(async (tx) => {
          await tx.execute(drizzleSql`INSERT INTO orders (id) VALUES (${order})`);
          await work(tx);
        }),
    };
  },
  "Drizzle on postgres": (url) => {
    const sql = postgres(url);
    const db = drizzlePostgres(sql);
    return {
      outside: db as unknown as HostTransaction,
      close: () => sql.end(),
      transact: (order, work) =>
        db.transaction(async (tx) => {
          await tx.execute(drizzleSql`INSERT INTO orders (id) VALUES (${order})`);
          await work(tx);
        }),
    };
  },
  Prisma: (url) => {
    const prisma = openPrisma(url);
    return {
      outside: prisma,
      close: () => prisma.$disconnect(),
      transact: (order, work) =>
        prisma.$transaction(async (tx) => {
          await tx.$executeRawUnsafe(`${INSERT} ($1::bigint)`, order);
          await work(tx);
        }),
    };
  },
  Knex: (url) => {
    const knex = knexClient({ client: "pg", connection: url });
    return {
      outside: knex,
      close: () => knex.destroy(),
      transact: (order, work) =>
        knex.transaction(async (trx) => {
          await trx.raw(`${INSERT} (?)`, [order]);
          await work(trx);
        }),
    };
  },
  "a function": (url) => {
    const sql = postgres(url);
    return {
      outside: {} as HostTransaction,
      close: () => sql.end(),
      transact: async (order, work) => {
        await sql.begin(async (tx) => {
          await tx`INSERT INTO orders (id) VALUES (${order})`;
          await work((text, values) => tx.unsafe(text, [...values]));
        });
      },
    };
  },
};

const BYTES = Buffer.concat([Buffer.of(0, 255), Buffer.from("'; DROP TABLE orders; -- \\ $1 ? é 🦄")]);

describe.each(Object.entries(CLIENTS))("with %s", (_name, open) => {
  let database: TestDatabase;
  let posthorn: Posthorn;
  let publisher: PosthornPublisher;
  let receiver: Receiver;
  let client: Client;
  let reader: pg.Client;
  const folder = mkdtempSync(join(tmpdir(), "posthorn-transactions-"));
  let orders = 0;

  const isThere = async (order: number): Promise<boolean> =>
    (await reader.query("SELECT FROM orders WHERE id = $1", [order])).rowCount === 1;
  const publish = (tx: HostTransaction, message: Partial<MessageIn> = {}, key?: string) =>
    posthorn.message.create(
      "acme",
      { eventType: "order.paid", payload: { order: orders }, ...message },
      { tx, ...(key === undefined ? {} : { idempotencyKey: key }) },
    );
  /** Publishes a message that arrives after everything that was committed before it. */
  const settled = async (): Promise<readonly string[]> => {
    const { id } = await posthorn.message.create("acme", { eventType: "marker", payload: {} });
    await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    return receiver.requests.map(({ headers }) => headers["webhook-id"]!);
  };

  beforeAll(async () => {
    database = await createDatabase(await sharedPostgres());
    reader = new pg.Client(database.url);
    await reader.connect();
    await reader.query("CREATE TABLE orders (id bigint PRIMARY KEY)");
    receiver = await startReceiver();
    const settings = {
      databaseUrl: database.url,
      dataDir: folder,
      egressAllow: "external,loopback",
      logLevel: "silent",
    };
    posthorn = await Posthorn.start({ settings });
    publisher = new PosthornPublisher({ databaseUrl: database.url });
    await posthorn.application.create({ name: "Acme", uid: "acme" });
    await posthorn.endpoint.create("acme", { url: receiver.url });
    client = open(database.url);
  });
  afterAll(async () => {
    await client.close();
    await publisher[Symbol.asyncDispose]();
    await posthorn.close();
    await reader.end();
    await database[Symbol.asyncDispose]();
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("sends a committed message, with the order", async () => {
    let id = "";
    await client.transact(++orders, async (tx) => {
      const message = await publish(tx, { channels: ["eu"], tags: ["x"], eventId: `paid-${orders}`, orderingKey: "o" });
      ({ id } = message);
      expect(message).toMatchObject({ eventType: "order.paid", payload: { order: orders }, channels: ["eu"] });
    });
    const got = await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    expect(got.body.toString()).toBe(`{"order":${orders}}`);
    expect(await isThere(orders)).toBe(true);
    expect(await posthorn.message.get("acme", id)).toMatchObject({ id, channels: ["eu"], tags: ["x"] });
  });

  it("never sends a message that was rolled back", async () => {
    let id = "";
    const changed = client.transact(++orders, async (tx) => {
      ({ id } = await publish(tx));
      throw new Error("changed its mind");
    });
    await expect(changed).rejects.toThrow("changed its mind");
    expect(await isThere(orders)).toBe(false);
    expect(await settled()).not.toContain(id);
    await expect(posthorn.message.get("acme", id)).rejects.toMatchObject({ code: "not_found" });
  });

  it("keeps bytes and names unchanged, for any content", async () => {
    let id = "";
    await client.transact(++orders, async (tx) => {
      ({ id } = await publish(tx, { payload: BYTES, contentType: "application/x-odd", orderingKey: "a'b\\c$1?" }));
    });
    const got = await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    expect(got.body.equals(BYTES)).toBe(true);
    expect(got.headers["content-type"]).toBe("application/x-odd");
    const { rows } = await reader.query("SELECT ordering_key FROM posthorn.message WHERE public_id = $1", [id]);
    expect(rows).toEqual([{ ordering_key: "a'b\\c$1?" }]);
  });

  it("publishes once for one idempotency key, and delays messages on request", async () => {
    const ids: string[] = [];
    const options = { delaySeconds: 3600 };
    for (let time = 0; time < 2; time++) {
      await client.transact(++orders, async (tx) => void ids.push((await publish(tx, options, "once")).id));
    }
    expect(ids[1]).toBe(ids[0]);
    // The API finds it only once the outbox relay has processed it, a moment after the commit.
    const { deliverAt, timestamp } = await eventually(() => posthorn.message.get("acme", ids[0]!));
    expect(await settled()).not.toContain(ids[0]);
    expect(Date.parse(deliverAt!) - Date.parse(timestamp)).toBeGreaterThanOrEqual(3_599_000);
  });

  it("rejects invalid input before it uses the transaction", async () => {
    await client.transact(++orders, async (tx) => {
      await expect(publish(tx, { eventType: "a b" })).rejects.toMatchObject({ code: "validation" });
      const unknown = posthorn.message.create("missing", { eventType: "a", payload: {} }, { tx });
      await expect(unknown).rejects.toMatchObject({ code: "not_found" });
    });
    expect(await isThere(orders)).toBe(true);
  });

  it("explains errors of the database", async () => {
    const again = client.transact(++orders, async (tx) => {
      await publish(tx, { eventId: `twice-${orders}` });
      await expect(publish(tx, { eventId: `twice-${orders}` })).rejects.toMatchObject({
        code: "conflict",
        status: 409,
      });
      throw new Error("over");
    });
    await expect(again).rejects.toThrow("over");
    expect(await isThere(orders)).toBe(false);
  });

  it("rejects objects that are not transactions, because a rollback would not undo the publish", async () => {
    await expect(publish(client.outside)).rejects.toMatchObject({ code: "not_supported" });
  });

  it("publishes without a node in the process, in a transaction and without one", async () => {
    let within = "";
    const message = { eventType: "order.paid", payload: {} };
    await client.transact(++orders, async (tx) => {
      within = (await publisher.message.create("acme", message, { tx })).id;
    });
    const { id } = await publisher.message.create("acme", message);
    for (const sent of [within, id]) await receiver.waitFor(({ headers }) => headers["webhook-id"] === sent);
    await expect(publisher.message.create("missing", message)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a process that is killed", () => {
  it("between the commit and the relay sends the message after the next start", async () => {
    await using database = await createDatabase(await sharedPostgres());
    await using receiver = await startReceiver();
    const server = await startServer({ databaseUrl: database.url });
    const call = (path: string, body: object) =>
      fetch(`${server.url}/api/v1/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await call("app", { name: "Acme", uid: "acme" });
    await call("app/acme/endpoint", { url: receiver.url });
    await using publisher = new PosthornPublisher({ databaseUrl: database.url });
    const publish = async (): Promise<string> =>
      (await publisher.message.create("acme", { eventType: "a", payload: {} })).id;
    const ids: string[] = [];
    // Killed in the middle of a stream of commits, at any stage of each of them.
    for (let round = 0; round < 3; round++) {
      const storm = Promise.all(Array.from({ length: 40 }, async () => ids.push(await publish())));
      ids.push(await publish());
      await server.kill();
      await storm;
      ids.push(await publish());
      await server.restart();
    }
    for (const id of ids) await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    const reader = new pg.Client(database.url);
    await reader.connect();
    const { rows } = await reader.query("SELECT count(*)::int AS n FROM posthorn.message");
    expect(rows).toEqual([{ n: ids.length }]);
    await reader.end();
    await server.stop();
  });
});
