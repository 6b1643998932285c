/** A node leaves nothing behind when a step of its start fails, or when one of its parts cannot be released. */
import { Writable } from "node:stream";
import { eventually, freePort } from "@posthorn/testkit";
import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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
import { Receiving } from "../src/node/receiving.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { TransformPool } from "../src/transform/pool.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { startNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

const AnyStore = onPostgres ? PostgresStore : SqliteStore;
const FAILURE = "this step fails";

/** Methods by name, of a class or of the object that it creates. */
type Methods = Record<PropertyKey, (...given: unknown[]) => unknown>;

/** Makes the next call of a method fail after it has done its work. */
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
  ["joining the cluster", () => failBefore(Cluster, "join")],
  ["reading the last key", () => failAfter(AnyStore.prototype, "lastKey")],
  ["taking up the work", () => failAfter(ClusterWork.prototype, "start")],
  ["starting the workers", () => failAfter(SourceMonitor.prototype, "started")],
  [
    "joining the cluster, with a store that cannot be closed",
    () => {
      failBefore(Cluster, "join");
      failAfter(AnyStore.prototype, Symbol.asyncDispose);
    },
  ],
  [
    "taking up the work, with two parts that cannot be released",
    () => {
      failAfter(ClusterWork.prototype, "start");
      failAfter(TransformPool.prototype, Symbol.asyncDispose);
      failAfter(Receiving.prototype, Symbol.asyncDispose);
    },
  ],
];

const PARTS: readonly (readonly [name: string, of: object, method: PropertyKey])[] = [
  ["Receiving", Receiving.prototype, Symbol.asyncDispose],
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

let folder: ReturnType<typeof temporaryFolder>;
let url: string;
let ports: readonly [api: number, metrics: number];
let logged: { level: number; msg: string; err?: { message: string } }[];

beforeEach(async () => {
  folder = temporaryFolder();
  if (onPostgres) ({ url } = await borrowDatabase());
  ports = [await freePort(), await freePort()];
  logged = [];
});

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

/** Everything that keeps a process alive, except for what the test runner itself has. */
function handles(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCPServerWrap|TCPSocketWrap|MessagePort|Timeout/.test(name));
}

async function seats(): Promise<readonly unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<object>("SELECT host FROM posthorn.node");
  await client.end();
  return rows;
}

/** Everything is released: handles, the seat, and by a further start the ports and the folder. */
async function expectNothingLeft(before: readonly string[]): Promise<void> {
  expect(onPostgres ? await seats() : []).toEqual([]);
  await eventually(() => expect(handles().length).toBeLessThanOrEqual(before.length));
  await using node = await start();
  expect((await fetch(`${node.url}/health`)).status).toBe(204);
}

describe("a start that fails", () => {
  it.each(STEPS)("at %s leaves no port, lock, seat, timer or thread behind", async (_name, fail) => {
    await (await start())[Symbol.asyncDispose]();
    const before = handles();
    fail();
    await expect(start()).rejects.toThrow(FAILURE);
    await expectNothingLeft(before);
  });

  it.each([0, 1] as const)("since a port is taken leaves nothing behind (%i)", async (which) => {
    const before = handles();
    {
      await using taken = await startNode(folder.path, {
        env: { POSTHORN_DATA_DIR: `${folder.path}/other`, POSTHORN_LISTEN: `127.0.0.1:${ports[which]}` },
      });
      await expect(start()).rejects.toMatchObject({ code: "config_invalid" });
      expect((await fetch(`${taken.url}/health`)).status).toBe(204);
    }
    await expectNothingLeft(before);
  });
});

describe("a node that closes", () => {
  it.each(PARTS)("releases everything else when %s cannot be released, and logs it", async (_name, of, method) => {
    await (await start())[Symbol.asyncDispose]();
    const before = handles();
    // The node reads the method when it creates the part.
    failAfter(of, method);
    const node = await start();
    await expect(node[Symbol.asyncDispose]()).rejects.toThrow(FAILURE);
    expect(logged.map(({ msg, err }) => [msg, err?.message])).toEqual([["part of the node was not released", FAILURE]]);
    vi.restoreAllMocks();
    await expectNothingLeft(before);
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
