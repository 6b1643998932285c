/** Failover to a standby that has every commit before it is acknowledged, tested from outside on two real PostgreSQL servers. */
import {
  createDatabase,
  eventually,
  type Receiver,
  startPostgres,
  startReceiver,
  startStandby,
  startTcpProxy,
  type TcpProxy,
  type TestPostgres,
} from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { PosthornPublisher } from "../src/embed/publisher.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** Messages of a killed server are expected. */
const QUIET = { log_min_messages: "panic" };

interface Scene extends AsyncDisposable {
  readonly primary: TestPostgres;
  readonly standby: TestPostgres;
  /** Stands in for the DNS name of the database, which points to the current primary. */
  readonly proxy: TcpProxy;
  /** The database URL of the nodes. */
  readonly nodeUrl: string;
  /** The database on the standby. */
  readonly standbyUrl: string;
  readonly nodes: readonly TestNode[];
  readonly receiver: Receiver;
}

/** @param named `both`: the nodes' URL lists both servers, the standby first. `one`: it has one name that points to the primary. */
async function openScene(named: "one" | "both" = "one"): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(temporaryFolder());
  const primary = opening.use(await startPostgres({ settings: QUIET }));
  const { url } = await createDatabase(primary.url);
  const standby = opening.use(await startStandby(primary));
  const proxy = opening.use(await startTcpProxy(primary.port));
  const receiver = opening.use(await startReceiver());
  const both = url.replace(/@[^/]*/, `@127.0.0.1:${standby.port},127.0.0.1:${primary.port}`);
  const nodeUrl = named === "both" ? both : proxy.through(url);
  const nodes: TestNode[] = [];
  for (let n = 0; n < 2; n++) {
    const env = { POSTHORN_DATABASE_URL: nodeUrl, POSTHORN_DATABASE_TIMEOUT: "1" };
    nodes.push(opening.use(await startNode(folder.path, { env })));
  }
  await new Tenant(nodes[0]!).setUp(`${receiver.url}/hook`);
  const standbyUrl = new URL(url);
  standbyUrl.port = String(standby.port);
  const stack = opening.move();
  const parts = { primary, standby, proxy, nodeUrl, standbyUrl: standbyUrl.href, nodes, receiver };
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Publishes continuously, each message until it is accepted, and checks the rejections. */
class Publisher {
  readonly accepted: string[] = [];
  refused = 0;
  /** Names of the runs in which a message was rejected at least once. */
  readonly refusedNames = new Set<string>();
  readonly #nodes: readonly TestNode[];
  #ended = false;

  constructor(nodes: readonly TestNode[]) {
    this.#nodes = nodes;
  }

  end(): void {
    this.#ended = true;
  }

  async run(name: string): Promise<void> {
    for (let n = 0; !this.#ended; n++) {
      for (let tries = 0; ; tries++) {
        const response = await this.publish(this.#nodes[tries % this.#nodes.length]!, `${name}-${n}`);
        if (response.status === 202) {
          this.accepted.push(((await response.json()) as { id: string }).id);
          break;
        }
        await expectRefused(response);
        this.refused++;
        this.refusedNames.add(name);
      }
    }
  }

  async publish(node: TestNode, key: string): Promise<Response> {
    // An idempotency key belongs to one token: that of the first node, whichever node is called.
    const { token } = this.#nodes[0]!;
    return fetch(`${node.url}/api/v1/app/app/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ eventType: "a", payload: { key } }),
    });
  }
}

async function expectRefused(response: Response): Promise<void> {
  const body: unknown = await response.json();
  expect({ status: response.status, body }).toMatchObject({ status: 503, body: { code: "storage_unavailable" } });
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
}

async function becomes(node: TestNode, problem: string | null): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${node.url}/health/ready`);
    expect(response.status === 204 ? null : ((await response.json()) as { reason: string }).reason).toBe(problem);
  });
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Connections of nodes with a commit that waits for the standby. */
async function hanging({ primary }: Scene): Promise<number> {
  const rows = await ask(
    primary.url,
    "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE 'posthorn%'",
  );
  return Number(rows[0]!["n"]);
}

describe.runIf(onPostgres)("with a synchronous standby", () => {
  it("that is unavailable, publishing fails with 503 until it is back, few connections wait, and everything works again afterwards", async () => {
    await using s = await openScene();
    const { nodes, receiver } = s;
    const publisher = new Publisher(nodes);
    expect((await publisher.publish(nodes[0]!, "before")).status).toBe(202);
    await s.standby.stop();
    await Promise.all(nodes.map(async (node, n) => expectRefused(await publisher.publish(node, `hangs-${n}`))));
    for (const node of nodes) await becomes(node, "not_committing");
    const waiting = await hanging(s);
    expect(waiting).toBeGreaterThan(0);
    const before = s.proxy.totalConnections;
    for (let n = 0; n < 20; n++) await expectRefused(await publisher.publish(nodes[n % 2]!, `refused-${n}`));
    // Delayed deliveries may have arrived late.
    expect(await hanging(s)).toBeLessThan(waiting + 5);
    expect(s.proxy.totalConnections - before).toBeLessThan(30);

    // Every publish got a response while the standby was unavailable.
    await s.standby.start();
    for (const node of nodes) await becomes(node, null);
    // The hanging commits succeeded in the end: the same keys get the same messages.
    const ids: string[] = [];
    for (const key of ["before", "hangs-0", "hangs-1"]) {
      const response = await eventually(async () => {
        const again = await publisher.publish(nodes[0]!, key);
        expect(again.status).toBe(202);
        return (await again.json()) as { id: string };
      });
      ids.push(response.id);
    }
    const got = (): string[] => receiver.requests.map(({ headers }) => headers["webhook-id"]!).sort();
    await eventually(() => expect(got()).toEqual(ids.toSorted()));
  });

  it.each(["one", "both"] as const)(
    "a failover (%s in the URL) loses no accepted message and repeats none; publishing fails with 503 until a database accepts writes",
    async (named) => {
      await using s = await openScene(named);
      const { nodes, receiver } = s;
      await using beside = new PosthornPublisher({ databaseUrl: s.nodeUrl });
      const sent = { eventType: "a", payload: { beside: true } };
      const aside = [(await beside.message.create("app", sent)).id];
      receiver.respondWith(({ index }) => ({ status: 204, delayMs: index % 40 }));
      const publisher = new Publisher(nodes);
      const work = ["a", "b", "c"].map((name) => publisher.run(name));
      const going = Promise.all(work);
      await Promise.race([eventually(() => expect(publisher.accepted.length).toBeGreaterThan(50)), going]);

      await s.primary.stop("SIGKILL");
      if (named === "one") {
        for (const node of nodes) await becomes(node, "unreachable");
        // The name points to the standby before the standby accepts writes.
        s.proxy.forwardTo(s.standby.port);
      }
      for (const node of nodes) await becomes(node, "read_only");
      await expectRefused(await publisher.publish(nodes[0]!, "while it is a replica"));
      // Requests in progress get a response before a database accepts writes again.
      await eventually(() => expect([...publisher.refusedNames].sort()).toEqual(["a", "b", "c"]));
      await ask(s.standby.url, "SELECT pg_promote()");
      for (const node of nodes) await becomes(node, null);

      const before = publisher.accepted.length;
      await Promise.race([eventually(() => expect(publisher.accepted.length).toBeGreaterThan(before + 50)), going]);
      publisher.end();
      await going;
      const last = await eventually(() => beside.message.create("app", sent));
      aside.push(last.id);

      const accepted = [...publisher.accepted, ...aside];
      expect(publisher.refused).toBeGreaterThan(0);
      await eventually(async () => {
        const stored = await ask(s.standbyUrl, "SELECT public_id AS id FROM posthorn.message");
        expect(stored.map(({ id }) => String(id)).sort()).toEqual(accepted.toSorted());
      });
      await eventually(async () => {
        const pending = await ask(s.standbyUrl, "SELECT message_id FROM posthorn.delivery WHERE due IS NOT NULL");
        expect(pending).toEqual([]);
      });
      // No process ended: outcomes of attempts in flight were kept, and written to the new primary.
      expect(receiver.requests.map(({ headers }) => headers["webhook-id"]!).sort()).toEqual(accepted.toSorted());
    },
  );
});
