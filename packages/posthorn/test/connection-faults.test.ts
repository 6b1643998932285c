/** After a failed statement of any helper, no connection of a pool remains in a transaction. */
import { eventually } from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { PosthornPublisher } from "../src/embed/publisher.ts";
import { keyAtTime } from "../src/lib/id.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE } from "../src/store/schema.ts";
import type { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { lend, Pool } from "../src/store/postgres/connections.ts";
import type { Store } from "../src/store/store.ts";
import { FaultyStatements, STATEMENT_FAULTS, type StatementFault } from "./support/faulty-postgres.ts";
import { startNode } from "./support/posthorn.ts";
import { borrowDatabase } from "./support/postgres.ts";
import {
  acceptEntry,
  attemptRecord,
  onPostgres,
  openPostgresStore,
  successOutcome,
  temporaryFolder,
} from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let lastId = 0;
const nextId = (): number => ++lastId;
const FACTS = {
  host: "here",
  version: "1",
  secretsMark: "same",
  process: null,
  kinds: [],
  hasEnded: () => false,
};
const REPORT = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } };

type Helper = (store: Store) => Promise<unknown>;

/** Every helper with which this store lends a connection. */
const HELPERS: Readonly<Record<string, Helper>> = {
  "a write transaction": (store) =>
    store.transaction(async ({ db, signal }) => {
      await db.updateTable("endpoint").set({ description: "changed" }).where("id", "=", 1).execute();
      signal({ kind: "application", key: 1 });
    }),
  "a write transaction that continues after a failed statement": (store) =>
    store.transaction(async ({ db }) => {
      const update = db.updateTable("endpoint").set({ description: "changed" }).where("id", "=", 1);
      await update.execute().catch(() => undefined);
      await update.execute().catch(() => undefined);
    }),
  "a list": (store) => store.db.selectFrom("endpoint").select("id").execute(),
  "a look-up": (store) => store.payload(1),
  accept: (store) => store.accept(acceptEntry(nextId())),
  "accept of several": (store) => store.acceptAll([acceptEntry(nextId()), acceptEntry(nextId())]),
  "accept of a debounced message": (store) => {
    const debounce = { key: "k", waitMs: 1000, maxWaitMs: 5000 };
    const flowControl = { now: 1, endpoints: [{ endpointId: 1, debounce, throttle: null }] };
    return store.accept(acceptEntry(nextId(), { flowControl }));
  },
  "accept into a day without a partition": (store) =>
    store.accept(acceptEntry(keyAtTime(Date.now() + 20 * 86_400_000) + nextId())),
  record: async (store) => {
    const id = nextId();
    await store.accept(acceptEntry(id));
    await store.record(successOutcome(id, { attempt: attemptRecord(id) }));
  },
  "record of what is announced": async (store) => {
    const id = nextId();
    await store.accept(acceptEntry(id));
    const attempt = attemptRecord(id, { status: ATTEMPT_STATUS.fail, responseCode: 500 });
    await store.record(successOutcome(id, { state: DELIVERY_STATE.failed, attempt }));
  },
  "a page of due deliveries": (store) => store.due(1, 1, 10),
  "the backlog": (store) => store.backlog(),
  "work alone": (store) => store.alone(() => store.payload(1)),
  "the days": (store) => store.days!.days("message"),
  "dropping a day": (store) =>
    store.transaction(async (tx) => {
      const [day] = await store.days!.days("message");
      await store.days!.keepOnly(tx, "message", day!, [day!.from]);
    }),
  "a membership slot and its shards": async (store) => {
    const cluster = store.cluster!;
    const { id } = await cluster.join(FACTS, 60_000);
    await cluster.take(id, [1, 2], []);
    await cluster.release(id, [1]);
    await cluster.renew(id, 60_000, REPORT);
    await cluster.leave(id);
  },
  ping: (store) => store.ping(),
};

interface Session {
  readonly name: string;
  readonly state: string;
  readonly query: string;
}

/** Sessions of the store that are idle in a transaction. */
async function leftInTransaction(observer: pg.Client): Promise<readonly Session[]> {
  const { rows } = await observer.query<Session>(
    `SELECT application_name AS name, state, query FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'posthorn%' AND state LIKE 'idle in transaction%'`,
  );
  return rows;
}

/** Runs more calls at the same time than there are connections, so that each connection is used. */
async function everyConnectionWorks(store: Store): Promise<void> {
  const ids = Array.from({ length: 6 }, nextId);
  await Promise.all([
    ...Array.from({ length: 10 }, () => store.db.selectFrom("endpoint").select("id").execute()),
    ...Array.from({ length: 4 }, () => store.payload(1)),
    ...Array.from({ length: 2 }, () => store.transaction(async ({ db }) => db.selectFrom("endpoint").execute())),
    ...ids.map((id) => store.accept(acceptEntry(id))),
    store.backlog(),
    store.alone(() => Promise.resolve()),
    store.ping(),
  ]);
}

/** Fails each statement of a helper in turn, and returns their number. */
async function failEach(
  helper: () => Promise<unknown>,
  fault: StatementFault,
  faulty: FaultyStatements,
  check: (n: number) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    faulty.arm(n, fault);
    await helper().catch(() => undefined);
    if (!faulty.disarm()) return n - 1;
    await check(n);
  }
}

interface Scene extends AsyncDisposable {
  readonly store: PostgresStore;
  readonly url: string;
  readonly observer: pg.Client;
  readonly faulty: FaultyStatements;
}

async function scene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const files = stack.use(await openPostgresStore());
  const observer = stack.adopt(new pg.Client(files.location), (client) => client.end());
  await observer.connect();
  const faulty = stack.use(new FaultyStatements());
  return {
    store: files.store,
    url: files.location,
    observer,
    faulty,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe.runIf(onPostgres)("after any failed statement, every connection is idle and works", () => {
  it.each(STATEMENT_FAULTS)("$name", async (fault) => {
    await using s = await scene();
    for (const [name, helper] of Object.entries(HELPERS)) {
      const statements = await failEach(
        () => helper(s.store),
        fault,
        s.faulty,
        async (n) => {
          // After a lost connection, the store rejects calls until it has checked the server.
          await eventually(() => s.store.accept(acceptEntry(nextId())));
          await eventually(async () => expect([name, n, await leftInTransaction(s.observer)]).toEqual([name, n, []]));
          await everyConnectionWorks(s.store);
        },
      );
      expect([name, statements > 0]).toEqual([name, true]);
    }
  });

  it("as are the connections of a program that only publishes", async () => {
    await using s = await scene();
    await using publisher = new PosthornPublisher({ databaseUrl: s.url, connections: 1 });
    const publish = () => publisher.message.create("app", { eventType: "a", payload: {} });
    for (const fault of STATEMENT_FAULTS) {
      await failEach(publish, fault, s.faulty, async (n) => {
        await eventually(async () => expect([n, await leftInTransaction(s.observer)]).toEqual([n, []]));
        await expect(publish()).rejects.toMatchObject({ code: "not_found" });
      });
    }
  });
});

describe.runIf(onPostgres)("a transaction that PostgreSQL rolls back at its COMMIT", () => {
  it("rejects instead of reporting success", async () => {
    await using s = await scene();
    const swallowing = s.store.transaction(async ({ db }) => {
      await db
        .selectFrom("endpoint")
        .select("id")
        .where("id", "=", "no number" as never)
        .execute()
        .catch(() => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ code: "storage_failed" });
    await everyConnectionWorks(s.store);
  });
});

describe.runIf(onPostgres)("a pool whose maximum is reduced", () => {
  it("closes the connections beyond it as they are returned, instead of lending them again", async () => {
    const { url } = await borrowDatabase();
    const pool = new Pool({ url, use: "queries" }, 4);
    const lent = await Promise.all(Array.from({ length: 4 }, () => lend(pool)));
    pool.limit(2);
    expect(pool.isAboveMax).toBe(true);
    for (const { release } of lent) await release();
    expect(pool.isAboveMax).toBe(false);
    const again = await Promise.all([lend(pool), lend(pool)]);
    expect((await again[1].run("SELECT 1 AS one", [])).rows).toEqual([{ one: 1 }]);
    for (const { release } of again) await release();
    await pool.end();
  });
});

describe.runIf(onPostgres)("a change that waits too long for the write lock", () => {
  it("returns 503, and once the lock is free every call of the node works again", async () => {
    const folder = temporaryFolder();
    const { url } = await borrowDatabase();
    const env = { POSTHORN_DATABASE_URL: url, POSTHORN_DATABASE_TIMEOUT: "1" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query("SELECT pg_advisory_lock(1886352244, 2)");
    expect((await tenant.call("PATCH", "app/app", { name: "Waits" })).status).toBe(503);
    expect((await tenant.call("GET", "app/app")).status).toBe(200);
    await holder.end();

    // More calls than connections, so that each of these is used. On a busy machine a change may wait for more than a second again.
    await eventually(async () => {
      const calls = Array.from({ length: 30 }, (_, n) => [
        tenant.call("PATCH", "app/app", { name: `Test ${n}` }),
        tenant.call("GET", "app/app"),
        tenant.call("GET", "app/app/msg"),
      ]).flat();
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
    });
    folder[Symbol.dispose]();
  });
});
