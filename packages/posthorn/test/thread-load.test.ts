/** Threads that start, crash and hang while others accept, deliver and revoke. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import { onPostgres } from "./support/store.ts";
import { Connection, hangingWhile, startThreadedNode, type ThreadedNode } from "./support/threaded-node.ts";

/** Each thread has some of them. */
const ENDPOINTS = 16;
const PUBLISHERS = 6;
/** Messages and revocations in each phase of a test. */
const PHASE_MESSAGES = 60;
const PHASE_REVOCATIONS = 6;
/** A delivery that used up an attempt is only repeated after an hour. */
const ENV = { POSTHORN_RETRY_SCHEDULE: "3600", POSTHORN_SHUTDOWN_TIMEOUT: "1" };
const PING_MS = 5000;
const LARGE_MESSAGES = 12;
const PAYLOAD_BYTES = 600_000;

async function createEndpoints({ node, token }: ThreadedNode, receiver: Receiver): Promise<void> {
  using connection = new Connection(node.url);
  await connection.call(token, "POST", "app", { name: "Test", uid: "app" });
  for (let number = 0; number < ENDPOINTS; number++) {
    const { status } = await connection.call(token, "POST", "app/app/endpoint", { url: `${receiver.url}/${number}` });
    expect(status).toBe(201);
  }
}

/** Deliveries of these messages that the receiver has not received. */
function missing(receiver: Receiver, messages: readonly string[]): readonly string[] {
  const received = new Set(receiver.requests.map(({ path, headers }) => `${path} ${headers["webhook-id"]}`));
  const all = messages.flatMap((id) => Array.from({ length: ENDPOINTS }, (_, number) => `/${number} ${id}`));
  return all.filter((delivery) => !received.has(delivery));
}

/**
 * Publishes and revokes continuously, on connections that any thread may accept. A request may fail together with the thread that handles
 * it.
 */
class Load {
  readonly accepted: string[] = [];
  /** Statuses of requests with a key after its revocation was answered. */
  readonly revoked: number[] = [];
  #ended = false;
  readonly #running: Promise<unknown>;

  constructor({ node, token }: ThreadedNode) {
    const repeat = async (work: (connections: readonly Connection[]) => Promise<void>): Promise<void> => {
      while (!this.#ended) {
        const connections = [0, 1, 2].map(() => new Connection(node.url));
        await work(connections).catch(() => undefined);
        for (const connection of connections) connection[Symbol.dispose]();
      }
    };
    const publish = async ([connection]: readonly Connection[]): Promise<void> => {
      const { status, json } = await connection!.call(token, "POST", "app/app/msg", { eventType: "a", payload: {} });
      if (status === 202) this.accepted.push(json["id"] as string);
    };
    const revoke = async (connections: readonly Connection[]): Promise<void> => {
      const { json: key } = await connections[0]!.call(token, "POST", "auth/api-key", { name: "test" });
      const use = (): Promise<readonly number[]> =>
        Promise.all(connections.map(async (one) => (await one.call(key["token"] as string, "GET", "app/app")).status));
      // Every thread has the key in memory.
      await use();
      const { status } = await connections[1]!.call(token, "DELETE", `auth/api-key/${String(key["id"])}`);
      if (status === 204) this.revoked.push(...(await use()));
    };
    this.#running = Promise.all([
      ...Array.from({ length: PUBLISHERS }, () => repeat(publish)),
      ...Array.from({ length: 2 }, () => repeat(revoke)),
    ]);
  }

  /** Resolves when enough has happened since the call. */
  async phase(): Promise<void> {
    const accepted = this.accepted.length + PHASE_MESSAGES;
    const revoked = this.revoked.length + 3 * PHASE_REVOCATIONS;
    await eventually(() => {
      if (this.accepted.length < accepted || this.revoked.length < revoked)
        throw new Error(`only ${this.accepted.length} messages and ${this.revoked.length} uses of revoked keys`);
    });
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }
}

describe("a thread", () => {
  it("that starts, crashes and is started again under load loses no message, attempt or revocation", async () => {
    await using receiver = await startReceiver();
    const clock = new ManualClock();
    const meter = { threads: () => ({ busiest: 1, mean: 1 }), spareCores: () => 1 };
    await using threads = await startThreadedNode(ENV, { max: 2, meter, time: clock });
    const { pool, workers } = threads;
    const { cluster } = threads.node.services;
    await createEndpoints(threads, receiver);
    const load = new Load(threads);
    await load.phase();
    expect(pool.running).toBe(0);
    // On PostgreSQL, another process may come at any time.
    expect(cluster.alone).toBe(!onPostgres);
    for (let sample = 0; sample < 4; sample++) clock.advance(PING_MS);
    await eventually(() => expect(pool.running).toBe(1));
    await load.phase();
    await workers[0]!.terminate();
    await load.phase();
    expect(cluster.alone).toBe(false);
    clock.advance(PING_MS);
    await eventually(() => expect(pool.running).toBe(1));
    await load.phase();
    await load.end();
    expect(workers).toHaveLength(2);
    expect(load.revoked).toEqual(load.revoked.map(() => 401));
    await eventually(() => expect(missing(receiver, load.accepted)).toEqual([]));
  });

  it("that hangs with 16 MiB of deliveries in flight is terminated, and all of them are made without using up an attempt", async () => {
    await using receiver = await startReceiver();
    const clock = new ManualClock();
    const hang = new Int32Array(new SharedArrayBuffer(4));
    const options = { time: clock, startWorker: hangingWhile(hang) };
    await using threads = await startThreadedNode({ ...ENV, POSTHORN_THREADS: "2" }, options);
    const { node, pool, token } = threads;
    await eventually(() => expect(pool.running).toBe(1));
    await createEndpoints(threads, receiver);
    using main = await mainConnection(node.url, token);
    Atomics.store(hang, 0, 1);
    // Half of the endpoints belong to the other thread: 16 MiB are handed to it, and it would read the rest from the store.
    const payload = { text: "x".repeat(PAYLOAD_BYTES) };
    const accepted: string[] = [];
    for (let message = 0; message < LARGE_MESSAGES; message++) {
      const { status, json } = await main.call(token, "POST", "app/app/msg", { eventType: "a", payload });
      expect(status).toBe(202);
      accepted.push(json["id"] as string);
    }
    const waiting = await ofHungThread(() => missing(receiver, accepted));
    expect(waiting * PAYLOAD_BYTES).toBeGreaterThanOrEqual(onPostgres ? 0 : 16 * 1024 * 1024);
    for (let ping = 0; ping < 8; ping++) clock.advance(PING_MS);
    await eventually(() => expect(missing(receiver, accepted)).toEqual([]));
    const { json } = await main.call(token, "GET", `app/app/attempt/msg/${accepted[0]!}`);
    expect((json["data"] as { status: number }[]).map(({ status }) => status)).toEqual(
      Array.from({ length: ENDPOINTS }, () => 0),
    );
  });
});

/**
 * Waits until all endpoints of the thread that runs have everything. Returns the number of deliveries that wait for the other one. On
 * PostgreSQL it may be 0: the leases of a thread that hangs expire, as those of any node, and the main thread takes its shards.
 */
function ofHungThread(waiting: () => readonly string[]): Promise<number> {
  return eventually(() => {
    const left = waiting();
    const paths = new Set(left.map((delivery) => delivery.split(" ")[0]));
    if (paths.size === ENDPOINTS || left.length < paths.size * LARGE_MESSAGES)
      throw new Error(`${left.length} deliveries wait for ${paths.size} endpoints`);
    return left.length;
  });
}

/** A connection to the main thread. */
async function mainConnection(url: string, token: string): Promise<Connection> {
  return eventually(async () => {
    const connection = new Connection(url);
    const { json } = await connection.call(token, "GET", "cluster");
    const nodes = json["nodes"] as { thread: number; current: boolean; shards: number }[];
    if (nodes.find(({ current }) => current)?.thread === 1 && nodes.every(({ shards }) => shards === 32))
      return connection;
    connection[Symbol.dispose]();
    throw new Error("another thread accepted the connection");
  });
}
