/** Nodes whose queries go through PgBouncer in transaction mode, in which each transaction may use another connection. */
import {
  createDatabase,
  eventually,
  type Receiver,
  sharedPostgres,
  startPgBouncer,
  startReceiver,
  type TestPgBouncer,
} from "@posthorn/testkit";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Posthorn } from "../src/embed/posthorn.ts";
import { PosthornPublisher } from "../src/embed/publisher.ts";
import { migrationStates, runMigrations } from "../src/store/migrate.ts";
import { setSearchPath } from "./support/pooler.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** Less than the interval at which a node checks for missed notifications. */
const BEFORE_RESCAN = { timeoutMs: 25_000 };

const folder = temporaryFolder();
const stack = new AsyncDisposableStack();

let pooler: TestPgBouncer;
let directUrl: string;
let url: string;
let receiver: Receiver;
let node: TestNode;
let tenant: Tenant;

const start = (env: Record<string, string> = {}): Promise<TestNode> =>
  startNode(folder.path, {
    env: {
      POSTHORN_DATABASE_URL: url,
      POSTHORN_DATABASE_DIRECT_URL: directUrl,
      ...env,
    },
  });

async function emptyDatabase(): Promise<string> {
  const database = stack.use(await createDatabase(await sharedPostgres()));
  await setSearchPath(database.url);
  return database.url;
}

async function publish(key = "k"): Promise<string> {
  const { status, json, text } = await tenant.call("POST", "app/app/msg", {
    eventType: "a",
    orderingKey: key,
    payload: {},
  });
  if (status !== 202) throw new Error(text);
  return json["id"] as string;
}

const arrived = (id: string, path = "/hook"): Promise<unknown> =>
  receiver.waitFor((request) => request.path === path && request.headers["webhook-id"] === id);

async function connect(to: string): Promise<pg.Client> {
  const client = new pg.Client(to);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

describe.runIf(onPostgres)(
  "with a pooler in transaction mode for queries and a direct connection for coordination",
  () => {
    beforeAll(async () => {
      directUrl = await emptyDatabase();
      pooler = stack.use(await startPgBouncer(await sharedPostgres()));
      url = pooler.through(directUrl);
      receiver = stack.use(await startReceiver());
      node = stack.use(await start());
      tenant = new Tenant(node);
      await tenant.setUp(`${receiver.url}/hook`);
    });

    beforeEach(() => {
      receiver.respondWith(204);
      receiver.clear();
    });

    afterAll(async () => {
      await stack.disposeAsync();
      folder[Symbol.dispose]();
    });

    it("a node publishes, delivers and lists, with its queries going through the pooler", async () => {
      const name = new URL(directUrl).pathname.slice(1);
      const before = await pooler.transactions(name);
      const ids = await Promise.all(Array.from({ length: 30 }, (_, n) => publish(`k${n}`)));
      for (const id of ids) await arrived(id);
      await eventually(async () => {
        const { json } = await tenant.call("GET", "app/app/endpoint/ep/msg?limit=250");
        expect((json["data"] as { status: number }[]).filter(({ status }) => status === 0)).toHaveLength(30);
      });
      await eventually(async () => expect(await pooler.transactions(name)).toBeGreaterThan(before));
      const client = await connect(directUrl);
      const { rows } = await client.query<{ uses: string[] }>(
        `SELECT array_agg(DISTINCT application_name ORDER BY application_name) AS uses FROM pg_stat_activity
       WHERE datname = $1 AND application_name LIKE 'posthorn%'`,
        [name],
      );
      await client.end();
      expect(rows[0]!.uses).toEqual(expect.arrayContaining(["posthorn coordination", "posthorn hot"]));
    });

    it("a node retries failed deliveries", async () => {
      receiver.respondWith(500);
      await tenant.call("PATCH", "app/app/endpoint/ep/policy", { retry: { schedule: [] } });
      const id = await publish();
      await eventually(async () => {
        const { json } = await tenant.call("GET", `app/app/attempt/msg/${id}`);
        expect((json["data"] as { status: number }[])[0]?.status).toBe(2);
      });
      receiver.respondWith(204);
      receiver.clear();
      const recovery = await tenant.call("POST", "app/app/endpoint/ep/recover", {
        since: new Date(Date.now() - 3_600_000).toISOString(),
      });
      expect(recovery.status).toBe(202);
      await arrived(id);
    });

    it("a change on one node applies to another at once", async () => {
      await using two = await start();
      const other = new Tenant(two);
      const { json } = await tenant.call("POST", "auth/api-key", { name: "short-lived" });
      const visitor = new Tenant(two, json["token"] as string);
      expect((await visitor.call("GET", "app")).status).toBe(200);
      await tenant.call("DELETE", `auth/api-key/${String(json["id"])}`);
      await eventually(async () => expect((await visitor.call("GET", "app")).status).toBe(401), BEFORE_RESCAN);

      await other.call("PATCH", "app/app/endpoint/ep", { url: `${receiver.url}/moved` });
      await eventually(async () => {
        const id = await publish();
        await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
        expect(receiver.requests.find(({ headers }) => headers["webhook-id"] === id)!.path).toBe("/moved");
      });
      await other.call("PATCH", "app/app/endpoint/ep", { url: `${receiver.url}/hook` });
    });

    it("a product publishes in transactions through the pooler, except for what it rolls back", async () => {
      await using posthorn = await Posthorn.start({
        settings: {
          databaseUrl: url,
          databaseDirectUrl: directUrl,
          dataDir: folder.path,
          egressAllow: "external,loopback",
        },
        organisation: "org_00000000000000000000000test",
      });
      await using publisher = new PosthornPublisher({ databaseUrl: url });
      const client = await connect(url);
      const inTransaction = async (end: "COMMIT" | "ROLLBACK"): Promise<string[]> => {
        await client.query("BEGIN");
        const message = { eventType: "order.paid", payload: { order: 17 } };
        const made = [
          await posthorn.message.create("app", message, { tx: client }),
          await publisher.message.create("app", message, { tx: client }),
        ].map(({ id }) => id);
        const { rows } = await client.query<{ id: string }>("SELECT posthorn.publish('app', 'order.paid', '{}') AS id");
        await client.query(end);
        return [...made, rows[0]!.id];
      };
      const dropped = await inTransaction("ROLLBACK");
      const sent = await inTransaction("COMMIT");
      sent.push((await publisher.message.create("app", { eventType: "order.paid", payload: {} })).id);
      await client.end();
      for (const id of sent) await arrived(id);
      expect(receiver.requests.filter(({ headers }) => dropped.includes(headers["webhook-id"]!))).toEqual([]);
    });

    it("a node returns 503 while the pooler is unavailable, continues with its work, and recovers afterwards", async () => {
      const id = await publish();
      await arrived(id);
      await pooler.stop();
      await eventually(async () => expect((await fetch(`${node.url}/health/ready`)).status).toBe(503));
      const response = await tenant.call("GET", "app");
      expect([response.status, response.json["code"]]).toEqual([503, "storage_unavailable"]);
      await pooler.start();
      await eventually(async () => expect((await fetch(`${node.url}/health/ready`)).status).toBe(204));
      const after = await eventually(() => publish());
      await arrived(after);
      expect(receiver.requests.filter(({ headers }) => headers["webhook-id"] === id)).toHaveLength(1);
    });

    it("migrations use the direct connection", async () => {
      const fresh = await emptyDatabase();
      const database = { kind: "postgres", url: pooler.through(fresh), directUrl: fresh, connections: 2 } as const;
      expect((await runMigrations(database, Date.now())).length).toBeGreaterThan(0);
      expect((await migrationStates(database)).every(({ applied }) => applied)).toBe(true);
    });

    it("a role without access to the schema is rejected with instructions", async () => {
      await using bare = await createDatabase(await sharedPostgres());
      await expect(
        start({ POSTHORN_DATABASE_URL: pooler.through(bare.url), POSTHORN_DATABASE_DIRECT_URL: bare.url }),
      ).rejects.toThrow(/ALTER ROLE .* SET search_path = posthorn/);
    });
  },
);
