/** A node leaves nothing open when a step of its start fails or one of its parts cannot be released. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Egress } from "@posthorn/egress";
import { eventually, freePort, isNightly } from "@posthorn/testkit";
import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Cluster } from "../src/cluster/cluster.ts";
import { ClusterWork } from "../src/cluster/work.ts";
import { CertificateMonitor } from "../src/workers/certificate-monitor.ts";
import { EndpointHealthMonitor } from "../src/workers/endpoint-health-monitor.ts";
import { OperationalWebhookPublisher } from "../src/workers/operational-webhook-publisher.ts";
import { OutboxRelay } from "../src/workers/outbox-relay.ts";
import { SourceMonitor } from "../src/workers/source-monitor.ts";
import { Statistics } from "../src/workers/statistics.ts";
import { TaskRunner } from "../src/workers/task-runner.ts";
import { Dispatcher } from "../src/dispatch/dispatcher.ts";
import { Maintenance } from "../src/workers/maintenance.ts";
import { LiveFeed } from "../src/live/feed.ts";
import { SharedFeed } from "../src/live/shared-feed.ts";
import { Receiving } from "../src/node/receiving.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { lockFolder } from "../src/store/sqlite/folder-lock.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { TransformPool } from "../src/transform/pool.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { startNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

const AnyStore = onPostgres ? PostgresStore : SqliteStore;
const FAILURE = "this step fails";

/** Methods by name, of a class or its prototype. */
type Methods = Record<PropertyKey, (...given: unknown[]) => unknown>;

/** Makes the next call of a method complete and then fail. */
function failAfter(of: object, method: PropertyKey): void {
  const methods = of as Methods;
  const original = methods[method]!;
  const failing = vi.spyOn(methods, method as string);
  failing.mockImplementation(function (this: unknown, ...given: unknown[]) {
    failing.mockRestore();
    const result = original.apply(this, given);
    if (!(result instanceof Promise)) throw new Error(FAILURE);
    return result.then(() => {
      throw new Error(FAILURE);
    });
  });
}

/** Makes the next call of a method fail. */
function failBefore(of: object, method: PropertyKey): void {
  const failing = vi.spyOn(of as Methods, method as string);
  failing.mockImplementation(() => {
    failing.mockRestore();
    throw new Error(FAILURE);
  });
}

const STEPS: readonly (readonly [name: string, fail: () => void])[] = [
  ["opening the store", () => failBefore(AnyStore, "open")],
  ["joining the cluster", () => failBefore(Cluster, "join")],
  ["reading the last key", () => failAfter(AnyStore.prototype, "lastKey")],
  ["composing the dispatcher", () => failBefore(AnyStore.prototype, "onLongTransaction")],
  ["composing the cluster work", () => failAfter(AnyStore.prototype, "onSignal")],
  ["taking over shards", () => failAfter(Cluster.prototype, "start")],
  ["starting the work", () => failAfter(ClusterWork.prototype, "start")],
  ["starting the source monitor", () => failAfter(SourceMonitor.prototype, "started")],
  ["starting the outbox relay", () => failAfter(OutboxRelay.prototype, "started")],
  ["starting the statistics", () => failAfter(Statistics.prototype, "started")],
  ["starting the maintenance", () => failAfter(Maintenance.prototype, "started")],
  [
    "joining the cluster, with a store that cannot be closed",
    () => {
      failBefore(Cluster, "join");
      failAfter(AnyStore.prototype, Symbol.asyncDispose);
    },
  ],
  [
    "starting the work, with two parts that cannot be released",
    () => {
      failAfter(ClusterWork.prototype, "start");
      failAfter(TransformPool.prototype, Symbol.asyncDispose);
      failAfter(Receiving.prototype, Symbol.asyncDispose);
    },
  ],
];

/** Steps of taking over shards. A node of a cluster tries them again, because other nodes may depend on it by then. */
const TAKE_OVER_STEPS: typeof STEPS = [
  ["loading the health of endpoints", () => failAfter(EndpointHealthMonitor.prototype, "gained")],
  ["resuming tasks", () => failBefore(TaskRunner.prototype, "gained")],
  ["searching for due deliveries", () => failAfter(Dispatcher.prototype, "start")],
];

const PARTS: readonly (readonly [name: string, of: object, method: PropertyKey])[] = [
  ["Receiving", Receiving.prototype, Symbol.asyncDispose],
  ["SourceMonitor", SourceMonitor.prototype, Symbol.asyncDispose],
  ["the HTTP client", Egress.prototype, "close"],
  ["LiveFeed", LiveFeed.prototype, Symbol.asyncDispose],
  ["SharedFeed", SharedFeed.prototype, Symbol.dispose],
  ["Maintenance", Maintenance.prototype, Symbol.asyncDispose],
  ["Statistics", Statistics.prototype, Symbol.asyncDispose],
  ["TaskRunner", TaskRunner.prototype, Symbol.asyncDispose],
  ["OperationalWebhookPublisher", OperationalWebhookPublisher.prototype, Symbol.asyncDispose],
  ["OutboxRelay", OutboxRelay.prototype, Symbol.asyncDispose],
  ["Dispatcher", Dispatcher.prototype, "stop"],
  ["ClusterWork", ClusterWork.prototype, Symbol.dispose],
  ["TransformPool", TransformPool.prototype, Symbol.asyncDispose],
  ["EndpointHealthMonitor", EndpointHealthMonitor.prototype, Symbol.asyncDispose],
  ["CertificateMonitor", CertificateMonitor.prototype, Symbol.asyncDispose],
  ["Cluster", Cluster.prototype, Symbol.asyncDispose],
  ["the store", AnyStore.prototype, Symbol.asyncDispose],
];

/** Parts that use the database; the others are released in the same way on both. */
const PARTS_ON_POSTGRES = new Set<object>([
  Maintenance.prototype,
  Statistics.prototype,
  TaskRunner.prototype,
  OutboxRelay.prototype,
  ClusterWork.prototype,
  Cluster.prototype,
  AnyStore.prototype,
]);
const RELEASED = onPostgres && !isNightly ? PARTS.filter(([, of]) => PARTS_ON_POSTGRES.has(of)) : PARTS;

let folder: ReturnType<typeof temporaryFolder>;
let url: string;
let ports: readonly [api: number, metrics: number];
let logged: { level: number; msg: string; err?: { message: string } }[];

async function newPlace(): Promise<void> {
  folder = temporaryFolder();
  if (onPostgres) ({ url } = await borrowDatabase());
  ports = [await freePort(), await freePort()];
  logged = [];
}

// The first node of a process creates what later ones share, such as connections that stay open.
beforeAll(async () => {
  await newPlace();
  await (await start())[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

beforeEach(newPlace);

afterEach(() => {
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

function start(env: Record<string, string> = {}) {
  const lines = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(JSON.parse(chunk.toString()) as (typeof logged)[number]);
      done();
    },
  });
  return startNode(folder.path, {
    log: pino({ level: "error" }, lines),
    env: {
      ...(onPostgres ? { POSTHORN_DATABASE_URL: url } : {}),
      POSTHORN_LISTEN: `127.0.0.1:${ports[0]}`,
      POSTHORN_METRICS_LISTEN: `127.0.0.1:${ports[1]}`,
      ...env,
    },
  });
}

/** Resources that keep a process alive; the test runner has some of its own. */
function handles(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCPServerWrap|TCPSocketWrap|MessagePort|Timeout/.test(name));
}

async function memberships(): Promise<readonly unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<object>("SELECT host FROM posthorn.node");
  await client.end();
  return rows;
}

/** Connections to the database, whose end also ends locks. */
async function connections(): Promise<readonly unknown[]> {
  if (!onPostgres) return [];
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<object>(
    "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  await client.end();
  return rows;
}

/** Checks handles, connections and membership, and that ports and folder are free. */
async function expectNothingLeft(before: readonly string[]): Promise<void> {
  expect(onPostgres ? await memberships() : []).toEqual([]);
  await eventually(() => expect(handles().length).toBeLessThanOrEqual(before.length));
  await eventually(async () => expect(await connections()).toEqual([]));
  if (!onPostgres) lockFolder(join(folder.path, "posthorn.db"))[Symbol.dispose]();
  for (const port of ports) {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
  }
}

async function expectStart(): Promise<void> {
  await using node = await start();
  // A node of a cluster responds with 503 until it has a slot, for which it may have to wait for the previous node.
  await eventually(async () => expect((await fetch(`${node.url}/health`)).status).toBe(204));
}

describe("a start that fails", () => {
  it.each(onPostgres ? STEPS : [...STEPS, ...TAKE_OVER_STEPS])(
    "at %s leaves no port, lock, membership, timer or thread open",
    async (_name, fail) => {
      const before = handles();
      fail();
      await expect(start()).rejects.toThrow(FAILURE);
      await expectNothingLeft(before);
    },
  );

  it.each([0, 1] as const)("because a port is in use leaves nothing open (port %i)", async (which) => {
    const before = handles();
    {
      await using taken = await startNode(folder.path, {
        env: { POSTHORN_DATA_DIR: `${folder.path}/other`, POSTHORN_LISTEN: `127.0.0.1:${ports[which]}` },
      });
      await expect(start()).rejects.toMatchObject({ code: "config_invalid" });
      expect((await fetch(`${taken.url}/health`)).status).toBe(204);
    }
    await expectNothingLeft(before);
    await expectStart();
  });
});

describe.runIf(onPostgres)("a node of a cluster", () => {
  it.each(TAKE_OVER_STEPS)("with a failure at %s still starts, and logs the failure", async (_name, fail) => {
    fail();
    await using node = await start();
    expect(logged.map(({ err }) => err?.message)).toContain(FAILURE);
    expect((await fetch(`${node.url}/health`)).status).toBe(204);
    vi.restoreAllMocks();
  });
});

describe("a node that closes", () => {
  it.each(RELEASED)("releases everything else when %s cannot be released, and logs it", async (_name, of, method) => {
    const before = handles();
    // The disposal stack reads the method when the part is added.
    failAfter(of, method);
    const node = await start();
    await expect(node[Symbol.asyncDispose]()).rejects.toThrow(FAILURE);
    expect(logged.map(({ msg, err }) => [msg, err?.message])).toEqual([
      ["a part of the node could not be closed", FAILURE],
    ]);
    vi.restoreAllMocks();
    await expectNothingLeft(before);
  });

  it("releases everything else when the HTTP server cannot be closed, and logs it", async () => {
    const before = handles();
    const node = await start();
    failAfter(node.server, "close");
    await expect(node[Symbol.asyncDispose]()).rejects.toThrow(FAILURE);
    expect(logged.map(({ err }) => err?.message)).toEqual([FAILURE]);
    await expectNothingLeft(before);
    await expectStart();
  });

  it("logs each of several parts that cannot be released", async () => {
    failAfter(TransformPool.prototype, Symbol.asyncDispose);
    failAfter(Statistics.prototype, Symbol.asyncDispose);
    failAfter(AnyStore.prototype, Symbol.asyncDispose);
    const node = await start();
    await expect(node[Symbol.asyncDispose]()).rejects.toBeInstanceOf(SuppressedError);
    expect(logged.map(({ err }) => err?.message)).toEqual([FAILURE, FAILURE, FAILURE]);
  });
});
