/**
 * Start of the built server with pending deliveries, after an orderly stop and after a kill: time until it accepts requests, and until its
 * first delivery arrives. Compared with a start without pending deliveries in the same run.
 *
 *     npm run bench:start-pending -- --pending 100000 --endpoints 100 --stores sqlite,postgres --rounds 5
 *
 * The receiver closes every connection, so no delivery ends.
 */
import { createDatabase, startPostgres } from "@posthorn/testkit";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type MeasuredNode, percentile, startMeasuredNode } from "./lib/node-api.ts";
import { cpuSeconds, loadAverage, startNode } from "./lib/processes.ts";
import { IdGenerator, keyOfId } from "../packages/posthorn/src/lib/id.ts";
import { PostgresStore } from "../packages/posthorn/src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";
import type { AcceptEntry, Store } from "../packages/posthorn/src/store/store.ts";

const { values } = parseArgs({
  options: {
    pending: { type: "string", default: "100000" },
    endpoints: { type: "string", default: "100" },
    stores: { type: "string", default: "sqlite,postgres" },
    rounds: { type: "string", default: "5" },
  },
});
const ENDPOINTS = Number(values.endpoints);
const BATCH = 1000;
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(1000) }));

interface Database {
  readonly folder: string;
  /** Settings of the server. */
  readonly env: Record<string, string>;
  open(): Promise<Store>;
}

interface Start {
  readonly readyMs: number;
  /** `NaN`: there are no deliveries. */
  readonly deliveryMs: number;
  readonly cpuMs: number;
}

/** Closes every connection, and notes the first one after `reset`. */
class ClosingReceiver {
  #first = Promise.withResolvers<number>();
  readonly #server = createServer((socket) => {
    this.#first.resolve(performance.now());
    socket.destroy();
  });

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  reset(): Promise<number> {
    this.#first = Promise.withResolvers<number>();
    return this.#first.promise;
  }

  close(): void {
    this.#server.close();
  }
}

function message(ids: IdGenerator, appId: number, endpointId: number): AcceptEntry {
  const { key: id, id: publicId } = ids.next("msg_");
  const nothing = { eventId: null, channelsJson: null, tagsJson: null, expiresAt: null, deliverAt: null };
  const none = { orderingKey: null, unmatchedJson: null, requestJson: null, idempotency: null };
  const what = { id, publicId, appId, eventType: "bench.event", payload: PAYLOAD, contentType: "application/json" };
  return { ...what, ...nothing, ...none, due: Date.now() - 1000, endpointIds: [endpointId] };
}

async function makeEndpoints({ call }: MeasuredNode, url: string): Promise<readonly [appId: number, ids: number[]]> {
  const app = await call("GET", "app/bench");
  const ids: number[] = [];
  while (ids.length < ENDPOINTS) {
    const { id } = await call("POST", "app/bench/endpoint", { url: `${url}${ids.length}` });
    ids.push(keyOfId("ep_", String(id))!);
  }
  return [keyOfId("app_", String(app["id"]))!, ids];
}

async function fill(database: Database, count: number, url: string): Promise<void> {
  const node = await startMeasuredNode(database.env, { folder: database.folder });
  const [appId, endpoints] = await makeEndpoints(node, url);
  await node[Symbol.asyncDispose]();
  await using store = await database.open();
  const ids = new IdGenerator(Date.now, await store.lastKey());
  for (let stored = 0; stored < count; stored += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - stored) }, (_, index) =>
      message(ids, appId, endpoints[(stored + index) % endpoints.length]!),
    );
    await store.acceptAll(batch);
  }
}

/** @param signal Ends the server as soon as it has started and sent its first delivery. */
async function start(
  { env, folder }: Database,
  receiver: ClosingReceiver | null,
  signal: NodeJS.Signals,
): Promise<Start> {
  const first = receiver?.reset();
  const begun = performance.now();
  const { child } = await startNode({
    POSTHORN_LISTEN: "127.0.0.1:0",
    POSTHORN_DATA_DIR: folder,
    POSTHORN_EGRESS_ALLOW: "external,loopback",
    POSTHORN_THREADS: "1",
    POSTHORN_SHUTDOWN_TIMEOUT: "0",
    ...env,
  });
  const readyMs = performance.now() - begun;
  const cpuMs = cpuSeconds(child.pid!) * 1000;
  const deliveryMs = first === undefined ? Number.NaN : (await first) - begun;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return { readyMs, deliveryMs, cpuMs };
}

function show(name: string, starts: readonly Start[]): void {
  const figure = (of: (start: Start) => number): string => percentile(starts.map(of), 0.5).toFixed(0);
  const [ready, delivery, cpu] = [figure((s) => s.readyMs), figure((s) => s.deliveryMs), figure((s) => s.cpuMs)];
  console.log(`| ${name} | ${ready} | ${delivery === "NaN" ? "–" : delivery} | ${cpu} |`);
}

async function measure(name: string, database: Database, empty: Database): Promise<void> {
  const receiver = new ClosingReceiver();
  try {
    await fill(database, Number(values.pending), await receiver.listen());
    const [none, stopped, killed]: [Start[], Start[], Start[]] = [[], [], []];
    for (let round = 0; round < Number(values.rounds); round++) {
      none.push(await start(empty, null, "SIGTERM"));
      // The signal of one start decides what the next one finds.
      stopped.push(await start(database, receiver, "SIGKILL"));
      killed.push(await start(database, receiver, "SIGTERM"));
    }
    show(`${name}, none pending`, none);
    show(`${name}, ${values.pending} pending, after an orderly stop`, stopped);
    show(`${name}, ${values.pending} pending, after a kill`, killed);
  } finally {
    receiver.close();
  }
}

function temporaryFolder(stack: DisposableStack | AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function measureSqlite(): Promise<void> {
  using stack = new DisposableStack();
  const database = (): Database => {
    const folder = temporaryFolder(stack);
    return { folder, env: {}, open: () => SqliteStore.open({ path: join(folder, "posthorn.db") }) };
  };
  await measure("SQLite", database(), database());
}

async function measurePostgres(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const database = async (): Promise<Database> => {
    const { url } = stack.use(await createDatabase(postgres.url));
    return {
      folder: temporaryFolder(stack),
      env: { POSTHORN_DATABASE_URL: url },
      open: () => PostgresStore.open({ url }),
    };
  };
  await measure("PostgreSQL", await database(), await database());
}

console.log(`${values.pending} deliveries to ${ENDPOINTS} endpoints, load ${loadAverage()}\n`);
console.log("| start | ready after ms | first delivery after ms | CPU ms until ready |");
console.log("| --- | ---: | ---: | ---: |");
for (const name of values.stores.split(",")) await (name === "sqlite" ? measureSqlite : measurePostgres)();
