/** One process with several threads, each of which runs a node on the same database. */
import {
  eventually,
  freePort,
  isNightly,
  type Receiver,
  startReceiver,
  startServer,
  type TestServer,
} from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxThreads } from "../src/threads/max-threads.ts";
import { onPostgres } from "./support/store.ts";
import { Connection, type Reply, startThreadedNode } from "./support/threaded-node.ts";

const THREADS = 4;
const ENDPOINTS = 12;
const ROUNDS = isNightly ? 200 : 40;
/** A delivery that used up an attempt is only repeated after an hour. */
const SETTINGS = { POSTHORN_RETRY_SCHEDULE: "3600" };

/** Status of a failed attempt. */
const FAILED = 2;

const KIND = onPostgres ? "postgres" : "sqlite";

interface NodeOfThread {
  readonly id: number;
  readonly thread: number | null;
  readonly current: boolean;
  readonly shards: number;
}

async function nodesOf(connection: Connection, token: string): Promise<readonly NodeOfThread[]> {
  return (await connection.call(token, "GET", "cluster")).json["nodes"] as readonly NodeOfThread[];
}

/** Waits until all threads have their share of the shards, and returns a connection to each of them, by their numbers. */
async function connectToAll(url: string, token: string, threads: number): Promise<ReadonlyMap<number, Connection>> {
  const connections = new Map<number, Connection>();
  await eventually(async () => {
    const connection = new Connection(url);
    const nodes = await nodesOf(connection, token);
    const thread = nodes.find(({ current }) => current)!.thread!;
    if (connections.has(thread)) connection[Symbol.dispose]();
    else connections.set(thread, connection);
    expect(nodes.map(({ shards }) => shards)).toEqual(nodes.map(() => 64 / threads));
    expect(connections.size).toBe(threads);
  });
  return connections;
}

describe("a process with several threads", () => {
  let server: TestServer;
  let metricsUrl: string;
  let receiver: Receiver;
  let threads: ReadonlyMap<number, Connection>;
  /** Attempts of all tests so far. */
  let attempts = 0;

  const call = async (thread: number, method: string, path: string, body?: object): Promise<Reply["json"]> => {
    const { status, json } = await threads.get(thread)!.call(server.token, method, path, body);
    if (status > 299) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };

  beforeAll(async () => {
    receiver = await startReceiver();
    const metrics = `127.0.0.1:${await freePort()}`;
    metricsUrl = `http://${metrics}/metrics`;
    const env = { ...SETTINGS, POSTHORN_THREADS: String(THREADS), POSTHORN_METRICS_LISTEN: metrics };
    server = await startServer({ env });
    threads = await connectToAll(server.url, server.token, THREADS);
    await call(1, "POST", "app", { name: "Test", uid: "app" });
    for (let number = 0; number < ENDPOINTS; number++)
      await call(1, "POST", "app/app/endpoint", { url: `${receiver.url}/${number}` });
  });

  afterAll(async () => {
    for (const connection of threads.values()) connection[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  it("accepts messages in every thread, and sends each once to every endpoint", async () => {
    const ids: string[] = [];
    for (let message = 0; message < 5; message++) {
      for (const thread of threads.keys())
        ids.push((await call(thread, "POST", "app/app/msg", { eventType: "a", payload: {} }))["id"] as string);
    }
    attempts += ids.length * ENDPOINTS;
    const received = await receiver.waitForCount(attempts);
    const deliveries = received.map(({ path, headers }) => `${path} ${headers["webhook-id"]}`);
    expect(new Set(deliveries).size).toBe(ids.length * ENDPOINTS);
    expect(deliveries).toHaveLength(ids.length * ENDPOINTS);
  });

  it(`rejects a key in every thread as soon as one has revoked it (${ROUNDS} rounds)`, async () => {
    const numbers = [...threads.keys()];
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [creator, revoker] = [numbers[round % THREADS]!, numbers[(round * 3 + 1) % THREADS]!];
      const key = await call(creator, "POST", "auth/api-key", { name: `round ${round}` });
      const use = (): Promise<Reply[]> =>
        Promise.all([...threads.values()].map((thread) => thread.call(key["token"] as string, "GET", "app")));
      // Every thread has the key in memory.
      expect((await use()).map(({ status }) => status)).toEqual(numbers.map(() => 200));
      await call(revoker, "DELETE", `auth/api-key/${String(key["id"])}`);
      statuses.push(...(await use()).map(({ status }) => status));
    }
    expect(statuses).toEqual(statuses.map(() => 401));
    expect(statuses).toHaveLength(ROUNDS * THREADS);
  });

  it("sends to the new URL of an endpoint as soon as its change was confirmed, whichever thread has the lane", async () => {
    const app = `moved-${server.organisation}`;
    await call(1, "POST", "app", { name: "Moved", uid: app });
    await Promise.all(
      Array.from({ length: 16 }, (_, at) =>
        call(1, "POST", `app/${app}/endpoint`, { url: `${receiver.url}/before`, uid: `e${at}` }),
      ),
    );
    const publish = (thread: number): Promise<Reply["json"]> =>
      call(thread, "POST", `app/${app}/msg`, { eventType: "a", payload: {} });
    receiver.clear();
    await publish(2);
    await receiver.waitForCount(16);
    attempts += 2 * 16;
    for (let at = 0; at < 16; at++)
      await call((at % THREADS) + 1, "PATCH", `app/${app}/endpoint/e${at}`, { url: `${receiver.url}/after` });
    receiver.clear();
    await publish(3);
    const received = await receiver.waitForCount(16);
    expect(received.map(({ path }) => path)).toEqual(received.map(() => "/after"));
  });

  it("applies a lower limit and a new egress rule as soon as the change was confirmed, whichever thread sends", async () => {
    const app = "limited";
    const endpoints = 8;
    await call(1, "POST", "app", { name: "Limited", uid: app });
    for (let at = 0; at < endpoints; at++)
      await call(1, "POST", `app/${app}/endpoint`, { url: `${receiver.url}/${at}`, uid: `e${at}` });
    const publish = (thread: number): Promise<Reply["json"]> =>
      call(thread, "POST", `app/${app}/msg`, { eventType: "a", payload: {} });
    receiver.clear();
    // From now on, every thread with a lane has the settings in memory.
    await publish(2);
    await receiver.waitForCount(endpoints);
    for (let at = 0; at < endpoints; at++)
      await call((at % THREADS) + 1, "PATCH", `app/${app}/endpoint/e${at}/policy`, { limits: { concurrency: 1 } });
    receiver.clear();
    const inFlight = new Map<string, number>();
    let most = 0;
    receiver.respondWith(async ({ path }) => {
      inFlight.set(path, (inFlight.get(path) ?? 0) + 1);
      most = Math.max(most, ...inFlight.values());
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      inFlight.set(path, inFlight.get(path)! - 1);
      return 204;
    });
    await Promise.all([1, 2, 3, 4, 1, 2].map(publish));
    await receiver.waitForCount(6 * endpoints);
    expect(most).toBe(1);
    attempts += 7 * endpoints;
    receiver.respondWith(204);
    await eventually(() => expect([...inFlight.values()]).toEqual([...inFlight.values()].map(() => 0)));
    await call(3, "PUT", `app/${app}/egress`, { allow: "external" });
    receiver.clear();
    const { id } = await publish(4);
    const refused = await eventually(async () => {
      const { data } = (await call(1, "GET", `app/${app}/attempt/msg/${String(id)}`)) as { data: { status: number }[] };
      expect(data).toHaveLength(endpoints);
      return data;
    });
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => FAILED));
    expect(receiver.requests).toEqual([]);
  });

  it("serves one set of metrics, with the totals of all threads", async () => {
    const name = 'posthorn_attempts_total{outcome="success",cause="2xx"}';
    // Outcomes are counted when they are on disk.
    const before = await eventually(async () => {
      const counts = await countsOf(metricsUrl);
      expect(counts[name]).toBe(attempts);
      return counts;
    });
    expect(before["posthorn_threads"]).toBe(THREADS);
    receiver.clear();
    for (const thread of threads.keys()) await call(thread, "POST", "app/app/msg", { eventType: "a", payload: {} });
    await receiver.waitForCount(THREADS * ENDPOINTS);
    await eventually(async () => {
      const after = await countsOf(metricsUrl);
      expect(after["posthorn_messages_total"]! - before["posthorn_messages_total"]!).toBe(THREADS);
      expect(after[name]).toBe(attempts + THREADS * ENDPOINTS);
      expect(after["posthorn_shards"]).toBe(64);
    });
  });

  it("names the thread in each entry of its log", () => {
    const entries = server.log.split("\n").filter((line) => line.startsWith('{"level"'));
    const named = entries.map((line) => (JSON.parse(line) as { thread?: number }).thread);
    expect(entries.length).toBeGreaterThan(0);
    expect(named.every((thread) => thread !== undefined && thread >= 1 && thread <= THREADS)).toBe(true);
  });

  it("stops gracefully: attempts in flight end in every thread, and none is repeated", async () => {
    receiver.clear();
    const release = Promise.withResolvers<void>();
    receiver.respondWith(async () => {
      await release.promise;
      return 204;
    });
    await call(4, "POST", "app/app/msg", { eventType: "a", payload: {} });
    await receiver.waitForCount(ENDPOINTS);
    const { url } = server;
    const stopped = server.stop();
    // No thread accepts connections any more, so all of them are stopping while their attempts are in flight.
    await eventually(() => expect(fetch(`${url}/health/live`)).rejects.toThrow("fetch failed"));
    release.resolve();
    expect(await stopped).toEqual({ code: 0, signal: null });
    receiver.respondWith(204);
    await server.restart();
    for (const connection of threads.values()) connection[Symbol.dispose]();
    threads = await connectToAll(server.url, server.token, THREADS);
    const { data } = (await call(1, "GET", "app/app/msg")) as { data: { id: string }[] };
    const made = (await call(1, "GET", `app/app/attempt/msg/${data[0]!.id}`)) as { data: { status: number }[] };
    expect(made.data.map(({ status }) => status)).toEqual(Array.from({ length: ENDPOINTS }, () => 0));
    expect(receiver.requests).toHaveLength(ENDPOINTS);
  });
});

it("the default setting delivers with one thread, and keeps messages across a crash", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith("hang");
  await using server = await startServer({ env: { ...SETTINGS, POSTHORN_THREADS: "auto" } });
  const publish = async (connection: Connection): Promise<string> => {
    const { json } = await connection.call(server.token, "POST", "app/app/msg", { eventType: "a", payload: {} });
    return json["id"] as string;
  };
  const sent: string[] = [];
  {
    using connection = new Connection(server.url);
    expect(await nodesOf(connection, server.token)).toMatchObject([{ thread: maxThreads(KIND) === 1 ? null : 1 }]);
    await connection.call(server.token, "POST", "app", { name: "Test", uid: "app" });
    await connection.call(server.token, "POST", "app/app/endpoint", { url: receiver.url });
    sent.push(await publish(connection));
    await receiver.waitForCount(1);
  }
  await server.kill();
  receiver.clear();
  receiver.respondWith(204);
  await server.restart();
  using connection = new Connection(server.url);
  sent.push(await publish(connection));
  const received = await receiver.waitForCount(2);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(sent));
});

describe("a thread that crashes", () => {
  it("loses nothing and uses up no attempts: another one takes its shards, and it is started again", async () => {
    await using receiver = await startReceiver();
    // The main thread has attempts that never end.
    const env = { ...SETTINGS, POSTHORN_THREADS: "2", POSTHORN_SHUTDOWN_TIMEOUT: "1" };
    await using threads = await startThreadedNode(env);
    const { node, pool, token, workers } = threads;
    const connections = await connectToAll(node.url, token, 2);
    using main = connections.get(1)!;
    using other = connections.get(2)!;
    // A request that the thread has not received completely.
    const held = other.begin(token, "POST", "app/app/msg");
    await main.call(token, "POST", "app", { name: "Test", uid: "app" });
    for (let number = 0; number < ENDPOINTS; number++)
      await main.call(token, "POST", "app/app/endpoint", { url: `${receiver.url}/${number}` });
    receiver.respondWith("hang");
    await main.call(token, "POST", "app/app/msg", { eventType: "a", payload: {} });
    await receiver.waitForCount(ENDPOINTS);
    receiver.clear();
    receiver.respondWith(204);
    await workers[0]!.terminate();
    expect(await held).toMatch(/ECONNRESET|socket hang up/);
    // Attempts of the thread that has ended. The others still wait for their responses.
    const repeated = await receiver.waitFor(() => true);
    expect(repeated.headers["webhook-id"]).toMatch(/^msg_/);
    const again = await connectToAll(node.url, token, 2);
    expect(workers).toHaveLength(2);
    expect(pool.restarts).toBe(1);
    receiver.clear();
    const { json } = await again.get(2)!.call(token, "POST", "app/app/msg", { eventType: "a", payload: {} });
    await eventually(() => {
      const own = receiver.requests.filter(({ headers }) => headers["webhook-id"] === json["id"]);
      expect(new Set(own.map(({ path }) => path)).size).toBe(ENDPOINTS);
    });
    for (const connection of again.values()) connection[Symbol.dispose]();
  });
});

/** Values of metrics by their names with labels. */
async function countsOf(url: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(url)).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
