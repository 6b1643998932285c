/** Sources of brokers while the database is unavailable, while their node is frozen, and while a broker floods them. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import {
  createDatabase,
  eventually,
  sharedPostgres,
  startServer,
  startTcpProxy,
  type TestServer,
} from "@posthorn/testkit";
import { isSkipped, startMosquitto, startNats, startRedis } from "@posthorn/testkit/counterparts";
import { Redis } from "ioredis";
import { connectAsync } from "mqtt";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { keyOfId } from "../../src/lib/id.ts";
import { shardOf } from "../../src/store/shards.ts";

/** The nightly run waits longer. */
const AWAY_MS = process.env["POSTHORN_TEST_KILLS"] === undefined ? 20_000 : 60_000;
const FROZEN_MS = 10_000;
/** How long a node that continues is observed. */
const THAWED_MS = 4000;
const PER_SECOND = 500;
/** More than 300 MiB of messages. */
const FLOOD_BYTES = 100_000;
const FLOOD_MESSAGES = 3200;
/** Growth that a garbage collector may not have freed yet. */
const MAX_GROWTH_MIB = 220;

/** A stream to which numbers are published until the result is disposed. */
async function startStream(stack: AsyncDisposableStack) {
  const { port } = stack.use(await startNats());
  const connection = await connectNats({ servers: `127.0.0.1:${port}` });
  stack.defer(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: "IN", subjects: ["in"] });
  const client = jetstream(connection);
  let published = 0;
  const load = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await Promise.all(
        Array.from({ length: PER_SECOND / 10 }, () =>
          client.publish("in", JSON.stringify({ n: published++, text: "x".repeat(500) })),
        ),
      );
      await delay(100);
    }
  };
  return {
    config: { servers: `127.0.0.1:${port}`, stream: "IN", tls: false, start: "all" },
    start: (): (() => Promise<number>) => {
      const end = new AbortController();
      const loading = load(end.signal);
      return async () => {
        end.abort();
        await loading;
        return published;
      };
    },
    /** Number of messages that the server reports as acknowledged, up to the first gap. */
    acknowledged: async (): Promise<number> => {
      for await (const { ack_floor: floor } of manager.consumers.list("IN")) return floor.stream_seq;
      return 0;
    },
  };
}

async function call(
  { url, token }: TestServer,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status > 299) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function sourceOf(server: TestServer, config: object, kind = "nats"): Promise<string> {
  return (await call(server, "POST", "ingest/api/v1/source", { name: "In", kind, config }))["id"] as string;
}

/** Messages of a source, read from the database itself. */
async function stored(client: pg.Client, id: string): Promise<{ readonly all: number; readonly distinct: number }> {
  const { rows } = await client.query<{ all: number; distinct: number }>(
    "SELECT count(*)::int AS all, count(DISTINCT event_id)::int AS distinct FROM posthorn.message WHERE app_id = $1",
    [keyOfId("src_", id)],
  );
  return rows[0]!;
}

/** Waits until each of the messages is stored once, as long as any are. */
async function allStored(client: pg.Client, id: string, published: number): Promise<void> {
  await eventually(async () => expect(await stored(client, id)).toEqual({ all: published, distinct: published }), {
    timeoutMs: 120_000,
    intervalMs: 500,
    progress: async () => (await stored(client, id)).distinct,
  });
}

function memoryMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

describe.skipIf(isSkipped("nats"))("a source of a broker", () => {
  it(
    "acknowledges only stored messages while the database is unavailable, with limited memory",
    { timeout: 300_000 },
    async () => {
      await using stack = new AsyncDisposableStack();
      const stream = await startStream(stack);
      const { url } = await createDatabase(await sharedPostgres());
      const proxy = stack.use(await startTcpProxy(Number(new URL(url).port)));
      const client = new pg.Client(url);
      await client.connect();
      stack.defer(() => client.end());
      const server = stack.use(
        await startServer({
          databaseUrl: proxy.through(url),
          allowErrors: true,
          env: { POSTHORN_DATABASE_TIMEOUT: "2" },
        }),
      );
      // On a busy machine, the timeout of the database passes now and then.
      const id = await eventually(() => sourceOf(server, stream.config), { timeoutMs: 60_000 });
      const stop = stream.start();
      await eventually(async () => expect((await stored(client, id)).all).toBeGreaterThan(1000));
      const before = memoryMib(server.pid);
      proxy.setState("cut");
      const until = Date.now() + AWAY_MS;
      let most = before;
      while (Date.now() < until) {
        const acknowledged = await stream.acknowledged();
        expect(acknowledged).toBeLessThanOrEqual((await stored(client, id)).all);
        most = Math.max(most, memoryMib(server.pid));
        await delay(500);
      }
      expect(most - before).toBeLessThan(MAX_GROWTH_MIB);
      proxy.setState("open");
      const published = await stop();
      await allStored(client, id, published);
      await eventually(async () => expect(await stream.acknowledged()).toBe(published));
    },
  );
});

/** A stream of Redis to which numbers are added until the result is called. */
async function startEntries(stack: AsyncDisposableStack) {
  const { port, password } = stack.use(await startRedis());
  const client = new Redis({ host: "127.0.0.1", port, password });
  stack.defer(() => client.disconnect());
  await client.xgroup("CREATE", "in", "readers", "$", "MKSTREAM");
  let published = 0;
  return {
    config: { url: `redis://127.0.0.1:${port}`, password, stream: "in", group: "readers", bodyField: "body" },
    start: (): (() => Promise<number>) => {
      const end = new AbortController();
      const load = async (): Promise<void> => {
        while (!end.signal.aborted) {
          for (let n = 0; n < PER_SECOND / 20; n++) await client.xadd("in", "*", "body", `{"n":${published++}}`);
          await delay(50);
        }
      };
      const loading = load();
      return async () => {
        end.abort();
        await loading;
        return published;
      };
    },
    /** Entries that the group has not read, or not acknowledged. */
    left: async (): Promise<number> => {
      const [group] = (await client.xinfo("GROUPS", "in")) as readonly (readonly (string | number)[])[];
      const of = (name: string): number => Number(group![group!.indexOf(name) + 1]);
      return of("pending") + of("lag");
    },
  };
}

describe.skipIf(isSkipped("redis"))("a source of a broker whose node is frozen", () => {
  it(
    "is read by another node, and the frozen one neither writes nor acknowledges anything afterwards",
    { timeout: 300_000 },
    async () => {
      await using stack = new AsyncDisposableStack();
      const stream = await startEntries(stack);
      const { url: databaseUrl } = await createDatabase(await sharedPostgres());
      const client = new pg.Client(databaseUrl);
      await client.connect();
      stack.defer(() => client.end());
      const one = stack.use(await startServer({ databaseUrl, allowErrors: true }));
      const { dataDir, jwtSecret } = one;
      const secrets = { POSTHORN_JWT_SECRET: jwtSecret };
      const two = stack.use(await startServer({ databaseUrl, dataDir, allowErrors: true, env: secrets }));
      const frozen = await lastNode(client);
      let id = await sourceOf(one, stream.config, "redis");
      while ((await ownerOf(client, id)) !== frozen) {
        await call(one, "DELETE", `ingest/api/v1/source/${id}`);
        id = await sourceOf(one, stream.config, "redis");
      }
      const stop = stream.start();
      await eventually(async () => expect((await stored(client, id)).all).toBeGreaterThan(500));
      const { version } = await runOf(client, id);
      process.kill(two.pid, "SIGSTOP");
      // The test cannot terminate a stopped process.
      stack.defer(() => void process.kill(two.pid, "SIGCONT"));
      await delay(FROZEN_MS);
      const claimed = await eventually(
        async () => {
          expect(await ownerOf(client, id)).not.toBe(frozen);
          const run = await runOf(client, id);
          expect(run.version).toBeGreaterThan(version);
          return run;
        },
        { timeoutMs: 60_000 },
      );
      process.kill(two.pid, "SIGCONT");
      // Each node counts from the value that it read at its start, so a write of the frozen one would decrease the count.
      for (let events = claimed.events, until = Date.now() + THAWED_MS; Date.now() < until; await delay(100)) {
        const run = await runOf(client, id);
        expect(run.events).toBeGreaterThanOrEqual(events);
        events = run.events;
      }
      await allStored(client, id, await stop());
      await eventually(async () => expect(await stream.left()).toBe(0), { timeoutMs: 60_000 });
    },
  );
});

/** The node that joined last, once it has its share. */
function lastNode(client: pg.Client): Promise<number> {
  return eventually(
    async () => {
      const { rows } = await client.query<{ id: string }>(
        "SELECT node_id AS id FROM posthorn.shard WHERE node_id IS NOT NULL GROUP BY node_id HAVING count(*) = 32 ORDER BY node_id",
      );
      expect(rows).toHaveLength(2);
      return Number(rows.at(-1)!.id);
    },
    { timeoutMs: 60_000 },
  );
}

async function ownerOf(client: pg.Client, id: string): Promise<number> {
  const { rows } = await client.query<{ node: string }>("SELECT node_id AS node FROM posthorn.shard WHERE id = $1", [
    shardOf(keyOfId("src_", id)!),
  ]);
  return Number(rows[0]!.node);
}

async function runOf(client: pg.Client, id: string): Promise<{ readonly version: number; readonly events: number }> {
  const { rows } = await client.query<{ version: number; events: number }>(
    "SELECT version::int AS version, events::int AS events FROM posthorn.source_run WHERE source_id = $1",
    [keyOfId("src_", id)],
  );
  return rows[0]!;
}

describe.skipIf(isSkipped("mosquitto") || isSkipped("redis"))("a broker that floods its source", () => {
  it("uses a limited amount of memory, and does not delay other sources", { timeout: 300_000 }, async () => {
    await using stack = new AsyncDisposableStack();
    const stream = await startEntries(stack);
    const { port } = stack.use(await startMosquitto());
    const publisher = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
    stack.defer(() => publisher.endAsync(true));
    const server = stack.use(await startServer({ allowErrors: true }));
    const other = await sourceOf(server, stream.config, "redis");
    // QoS 0 has no window: the broker sends as fast as the connection accepts.
    const flooded = await sourceOf(server, { url: `mqtt://127.0.0.1:${port}`, topics: "flood", qos: "0" }, "mqtt");
    await eventually(async () => {
      const { state } = await call(server, "GET", `ingest/api/v1/source/${flooded}/state`);
      expect(state).toBe("running");
    });
    const stopOthers = stream.start();
    await eventually(async () => expect(await eventsOf(server, other)).toBeGreaterThan(100), { timeoutMs: 60_000 });
    const before = memoryMib(server.pid);
    let most = before;
    const body = Buffer.alloc(FLOOD_BYTES, "x");
    for (let sent = 0; sent < FLOOD_MESSAGES; sent++) {
      await publisher.publishAsync("flood", body, { qos: 0 });
      if (sent % 100 === 0) most = Math.max(most, memoryMib(server.pid));
    }
    const published = await stopOthers();
    await eventually(async () => expect(await stream.left()).toBe(0), { progress: async () => -(await stream.left()) });
    most = Math.max(most, memoryMib(server.pid));
    expect(published).toBeGreaterThan(100);
    expect(most - before).toBeLessThan(MAX_GROWTH_MIB);
  });
});

async function eventsOf(server: TestServer, id: string): Promise<number> {
  return (await call(server, "GET", `ingest/api/v1/source/${id}/state`))["events"] as number;
}
