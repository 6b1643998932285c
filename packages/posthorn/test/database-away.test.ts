/** A node while PostgreSQL is unavailable, tested from outside, with a connection that fails the way networks do. */
import { Writable } from "node:stream";
import {
  createDatabase,
  eventually,
  sharedPostgres,
  startReceiver,
  startTcpProxy,
  type TcpProxy,
} from "@posthorn/testkit";
import pg from "pg";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { borrowDatabase } from "./support/postgres.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** Upper limit for every request of these tests, whatever the database does. */
const NEVER_HANGS_MS = 30_000;

interface Scene extends AsyncDisposable {
  readonly node: TestNode;
  readonly proxy: TcpProxy;
  /** The database itself, not through the proxy. */
  readonly url: string;
  /** Log entries from level warning, and the entry that the database is available again. */
  readonly log: readonly { level: number; msg: string; outage?: string }[];
  readonly tenant: Tenant;
}

async function scene(env: Record<string, string> = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const { url } = stack.use(await borrowDatabase());
  const proxy = stack.use(await startTcpProxy(Number(new URL(url).port)));
  const log: Scene["log"][number][] = [];
  const lines = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log.push(JSON.parse(chunk.toString()) as Scene["log"][number]);
      done();
    },
  });
  const node = stack.use(
    await startNode(folder.path, {
      log: pino({ level: "info" }, lines),
      env: {
        POSTHORN_DATABASE_URL: proxy.through(url),
        POSTHORN_DATABASE_TIMEOUT: "1",
        POSTHORN_METRICS_LISTEN: "127.0.0.1:0",
        POSTHORN_SHUTDOWN_TIMEOUT: "1",
        ...env,
      },
    }),
  );
  return { node, proxy, url, log, tenant: new Tenant(node), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function ask(node: TestNode, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${node.url}${path}`, { ...init, signal: AbortSignal.timeout(NEVER_HANGS_MS) });
}

/** The path of a source that accepts anything. */
async function createSource(node: TestNode): Promise<string> {
  const response = await ask(node, "/ingest/api/v1/source", {
    method: "POST",
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Door", type: "generic-webhook" }),
  });
  const { ingestUrl } = (await response.json()) as { ingestUrl: string };
  return new URL(ingestUrl).pathname;
}

function publish(node: TestNode, key?: string): Promise<Response> {
  return ask(node, "/api/v1/app/app/msg", {
    method: "POST",
    headers: {
      authorization: `Bearer ${node.token}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: JSON.stringify({ eventType: "a", payload: { n: 1 } }),
  });
}

/** The outage that the node reports; `null`: it is ready. */
async function readiness(node: TestNode): Promise<string | null> {
  const response = await ask(node, "/health/ready");
  if (response.status === 204) return null;
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  return ((await response.json()) as { reason: string }).reason;
}

function becomes(node: TestNode, problem: string | null): Promise<void> {
  return eventually(async () => expect(await readiness(node)).toBe(problem));
}

async function expectRefused(response: Response): Promise<void> {
  const body: unknown = await response.json();
  expect({ status: response.status, body }).toMatchObject({ status: 503, body: { code: "storage_unavailable" } });
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
}

async function ids(tenant: Tenant): Promise<string[]> {
  const { json } = await tenant.call("GET", "app/app/msg?limit=250");
  return (json["data"] as { id: string }[]).map(({ id }) => id).sort();
}

/** Runs these statements on a new connection, and returns the rows of the last one. */
async function onDatabase<Row>(url: string, ...statements: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, options: "-c search_path=posthorn" });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows as Row[];
    return rows;
  } finally {
    await client.end();
  }
}

const TERMINATE = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'posthorn%'`;

describe.runIf(onPostgres)("while PostgreSQL is unavailable, a node", () => {
  it.each(["cut", "silent"] as const)(
    "rejects every write with 503 and Retry-After, serves requests that need no database, and recovers completely (%s)",
    async (state) => {
      await using receiver = await startReceiver();
      await using s = await scene();
      const { node, proxy, tenant } = s;
      await tenant.setUp(receiver.url);
      const sourcePath = await createSource(node);
      await eventually(async () => expect((await publish(node)).status).toBe(202));

      proxy.setState(state);
      const writes = await Promise.all([
        ...Array.from({ length: 20 }, () => publish(node)),
        ask(node, "/api/v1/app", {
          method: "POST",
          headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
          body: JSON.stringify({ name: "New" }),
        }),
        ask(node, sourcePath, { method: "POST", body: "{}" }),
        ask(node, "/api/v1/app", { headers: { authorization: `Bearer ${node.token}` } }),
      ]);
      for (const response of writes) await expectRefused(response);
      await becomes(node, state === "cut" ? "unreachable" : "silent");

      expect((await ask(node, "/health/live")).status).toBe(204);
      expect((await ask(node, "/api/v1/openapi.json")).status).toBe(200);
      expect((await ask(node, "/health")).status).toBe(503);
      const metrics = await (await fetch(node.metricsUrl!)).text();
      expect(metrics).toContain("posthorn_database_up 0");
      expect(metrics).toContain("posthorn_attempts_total");

      const before = (await readStored(s)).length;
      proxy.setState("open");
      await becomes(node, null);
      await eventually(async () => expect((await publish(node)).status).toBe(202));
      // Rejected messages were not stored, but data that was sent into the black hole may still arrive.
      const after = (await ids(tenant)).length;
      expect(after).toBeGreaterThan(before);
      expect(after).toBeLessThanOrEqual(before + (state === "cut" ? 1 : writes.length));
    },
  );

  it("logs it once, and once that the database is available again", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { node, proxy, tenant, log } = s;
    await tenant.setUp(receiver.url);
    for (let uid = 0; uid < 20; uid++) {
      await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: `more-${uid}` });
    }
    receiver.respondWith(500);
    expect((await publish(node)).status).toBe(202);
    await receiver.waitForCount(21);
    proxy.setState("cut");
    await becomes(node, "unreachable");
    const before = proxy.totalConnections;
    await eventually(() => expect(proxy.totalConnections).toBeGreaterThan(before + 3));
    await Promise.all(Array.from({ length: 50 }, () => publish(node).then(expectRefused)));
    proxy.setState("open");
    await becomes(node, null);
    const lines = log.filter(({ msg, level }) => level >= 40 || msg.includes("database")).map(({ msg }) => msg);
    expect(lines.filter((line) => line.includes("database"))).toEqual([
      "the database cannot be reached; trying again",
      "the database is available again",
    ]);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it("does not return 202 for a commit with an unknown outcome, and the key makes the retry safe", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { node, proxy, tenant } = s;
    await tenant.setUp(receiver.url);
    await eventually(async () => expect((await publish(node, "first")).status).toBe(202));
    proxy.setState("mute");
    await expectRefused(await publish(node, "doubt"));
    proxy.setState("open");
    await becomes(node, null);
    const again = await eventually(async () => {
      const response = await publish(node, "doubt");
      expect(response.status).toBe(202);
      return (await response.json()) as { id: string };
    });
    expect(await ids(tenant)).toHaveLength(2);
    // It is delivered too, although the node that stored it was never notified.
    await receiver.waitFor(({ headers }) => headers["webhook-id"] === again.id);
    expect(receiver.requests.filter(({ headers }) => headers["webhook-id"] === again.id)).toHaveLength(1);
  });

  it("detects the changes of a commit with an unknown outcome", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { proxy, tenant, url } = s;
    await tenant.setUp(receiver.url);
    await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: true });
    await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {} });
    await eventually(async () => {
      await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: true });
      // Another transaction may be committed first. Includes the end of the query, because a transaction also begins with READ COMMITTED.
      proxy.resetOn("COMMIT\0");
      const { status } = await tenant.call("PATCH", "app/app/endpoint/ep", { disabled: false });
      expect(status).toBe(503);
      expect(await onDatabase(url, "SELECT disabled::int FROM endpoint")).toEqual([{ disabled: 0 }]);
    });
    await receiver.waitForCount(1);
  });

  it.each(["cut", "silent"] as const)(
    "keeps outcomes of attempts under way, and writes each once (%s)",
    async (state) => {
      await using receiver = await startReceiver();
      await using s = await scene();
      const { node, proxy, tenant } = s;
      await tenant.setUp(receiver.url);
      const { promise: respondNow, resolve: releaseResponse } = Promise.withResolvers<void>();
      receiver.respondWith(async () => {
        await respondNow;
        return 204;
      });
      const published = await Promise.all(Array.from({ length: 4 }, () => publish(node)));
      const wanted = await Promise.all(
        published.map(async (response) => ((await response.json()) as { id: string }).id),
      );
      await receiver.waitForCount(4);
      proxy.setState(state);
      await becomes(node, state === "cut" ? "unreachable" : "silent");
      releaseResponse();
      proxy.setState("open");
      await becomes(node, null);
      for (const id of wanted) {
        await eventually(async () => {
          const { json } = await tenant.call("GET", `app/app/attempt/msg/${id}`);
          expect((json["data"] as { status: number }[]).map(({ status }) => status)).toEqual([0]);
        });
      }
      expect(receiver.requests).toHaveLength(4);
    },
  );

  it("stops on request although outcomes cannot be written", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { node, proxy, tenant } = s;
    await tenant.setUp(receiver.url);
    const { promise: respondNow, resolve: releaseResponse } = Promise.withResolvers<void>();
    receiver.respondWith(async () => {
      await respondNow;
      return 204;
    });
    expect((await publish(node)).status).toBe(202);
    await receiver.waitForCount(1);
    proxy.setState("silent");
    await becomes(node, "silent");
    releaseResponse();
    await s[Symbol.asyncDispose]();
  });
});

describe.runIf(onPostgres)("a node survives", () => {
  it("the loss of all its connections under load, without losing accepted messages", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { node, url, tenant } = s;
    await tenant.setUp(receiver.url);
    const end = new AbortController();
    const accepted: string[] = [];
    const publisher = async (name: string): Promise<void> => {
      for (let n = 0; !end.signal.aborted; n++) {
        for (;;) {
          const response = await publish(node, `${name}-${n}`);
          if (response.status === 202) {
            accepted.push(((await response.json()) as { id: string }).id);
            break;
          }
          await expectRefused(response);
        }
      }
    };
    const work = ["a", "b", "c"].map((name) => publisher(name));
    for (let round = 1; round <= 5; round++) {
      await eventually(() => expect(accepted.length).toBeGreaterThan(round * 10));
      await onDatabase(url, TERMINATE);
    }
    end.abort();
    await Promise.all(work);
    expect(new Set(accepted).size).toBe(accepted.length);
    for (const id of accepted) await receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    expect(await readStored(s)).toEqual(accepted.toSorted());
  });

  it("a server that has become a replica", async () => {
    await using receiver = await startReceiver();
    await using s = await scene();
    const { node, url, tenant } = s;
    const name = new URL(url).pathname.slice(1);
    await tenant.setUp(receiver.url);
    await onDatabase(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`, TERMINATE);
    try {
      await becomes(node, "read_only");
      await expectRefused(await publish(node));
    } finally {
      await onDatabase(
        url,
        `SET default_transaction_read_only = off`,
        `ALTER DATABASE ${name} RESET default_transaction_read_only`,
      );
    }
    await becomes(node, null);
    await eventually(async () => expect((await publish(node)).status).toBe(202));
  });

  it("a server without free connections", async () => {
    await using receiver = await startReceiver();
    const role = `few_${Math.random().toString(36).slice(2)}`;
    await using owner = await createDatabase(await sharedPostgres());
    const name = new URL(owner.url).pathname.slice(1);
    await onDatabase(owner.url, `CREATE ROLE ${role} LOGIN`, `ALTER DATABASE ${name} OWNER TO ${role}`);
    const url = new URL(owner.url);
    url.username = role;
    await using s = await scene({ POSTHORN_DATABASE_URL: url.href });
    const { node, tenant } = s;
    await tenant.setUp(receiver.url);
    await onDatabase(owner.url, `ALTER ROLE ${role} CONNECTION LIMIT 0`, TERMINATE);
    await becomes(node, "no_connections");
    await expectRefused(await publish(node));
    await onDatabase(owner.url, `ALTER ROLE ${role} CONNECTION LIMIT -1`);
    await becomes(node, null);
    await eventually(async () => expect((await publish(node)).status).toBe(202));
  });
});

/** IDs of all stored messages. */
async function readStored({ url }: Scene): Promise<string[]> {
  const found = await onDatabase<{ id: string }>(url, "SELECT public_id AS id FROM message");
  return found.map(({ id }) => id).sort();
}
