/** A source of a broker while the database is away. */
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
import { isSkipped, startNats } from "@posthorn/testkit/counterparts";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { keyOfId } from "../../src/lib/id.ts";

const AWAY_MS = 20_000;
const PER_SECOND = 500;
/** Growth that a garbage collector may leave for later. */
const MAX_GROWTH_MIB = 150;

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
    /** Messages that the server counts as acknowledged, up to the first gap. */
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

async function sourceOf(server: TestServer, config: object): Promise<string> {
  return (await call(server, "POST", "ingest/api/v1/source", { name: "In", kind: "nats", config }))["id"] as string;
}

/** Messages of a source, read from the database itself. */
async function stored(client: pg.Client, id: string): Promise<{ readonly all: number; readonly distinct: number }> {
  const { rows } = await client.query<{ all: number; distinct: number }>(
    "SELECT count(*)::int AS all, count(DISTINCT event_id)::int AS distinct FROM posthorn.message WHERE app_id = $1",
    [keyOfId("src_", id)],
  );
  return rows[0]!;
}

function memoryMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

describe.skipIf(isSkipped("nats"))("a source of a broker", () => {
  it(
    "acknowledges nothing that is not stored while the database is away, in bounded memory",
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
      const id = await sourceOf(server, stream.config);
      const stop = stream.start();
      await eventually(async () => expect((await stored(client, id)).all).toBeGreaterThan(1000), { timeoutMs: 60_000 });
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
      await eventually(async () => expect(await stored(client, id)).toEqual({ all: published, distinct: published }), {
        timeoutMs: 120_000,
        intervalMs: 1000,
      });
      await eventually(async () => expect(await stream.acknowledged()).toBe(published), { timeoutMs: 30_000 });
    },
  );
});
