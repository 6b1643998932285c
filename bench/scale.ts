/**
 * Several nodes on one PostgreSQL: deliveries per second, statements per delivery, and CPU time by kind of process. Nodes, publishers, the
 * receiver and the wire counter are separate processes. See README.md in this folder.
 *
 *     npm run bench:scale -- --nodes 1,2,3 --seconds 8 --connections 64 --endpoints 100
 *
 * `--connections` is the number per node. `--rate` publishes this many per second in total instead of as many as possible. `--top` lists
 * the most frequent statements.
 */
import { createDatabase, startPostgres, type TestPostgres } from "@posthorn/testkit";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type MeasuredNode, organisationToken, startMeasuredNode } from "./lib/node-api.ts";
import { openStatements, type Statements } from "./lib/postgres-statements.ts";
import { cpuSeconds, loadAverage, nextMessage, startModule, stop, treeCpuSeconds } from "./lib/processes.ts";
import type { Job, Published } from "./lib/publisher.ts";
import type { WireCounts } from "./lib/wire.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "1,2,3" },
    seconds: { type: "string", default: "8" },
    "warm-up": { type: "string", default: "8" },
    connections: { type: "string", default: "64" },
    endpoints: { type: "string", default: "100" },
    rate: { type: "string" },
    top: { type: "boolean", default: false },
  },
});
const SECONDS = Number(values.seconds);
const CONNECTIONS = Number(values.connections);
const ENDPOINTS = Number(values.endpoints);
const RATE = values.rate === undefined ? null : Number(values.rate);

/** Like a small dedicated server. */
const SETTINGS = { shared_buffers: "256MB", max_wal_size: "2GB", shared_preload_libraries: "pg_stat_statements" };
const SHARDS = 64;
const JOIN_MS = 30_000;

interface Bench {
  readonly postgres: TestPostgres;
  readonly statements: Statements;
  readonly wire: ChildProcess;
  readonly receiver: ChildProcess;
  readonly nodes: readonly MeasuredNode[];
  /** One per node. */
  readonly publishers: readonly ChildProcess[];
}

async function ask<T>(child: ChildProcess): Promise<T> {
  child.send("count");
  return nextMessage<T>(child);
}

/** Each application has one endpoint, so that endpoints are tenants too, and each message is for one of them. */
async function publish({ nodes, publishers }: Bench, seconds: number): Promise<readonly Published[]> {
  const paths = Array.from({ length: ENDPOINTS }, (_, index) => `/api/v1/app/app-${index}/msg?with_content=false`);
  return Promise.all(
    publishers.map((publisher, index) => {
      const shift = Math.floor((index * ENDPOINTS) / nodes.length);
      publisher.send({
        origin: nodes[index]!.node.url,
        paths: [...paths.slice(shift), ...paths.slice(0, shift)],
        token: organisationToken(),
        requests: { kind: "publish" },
        connections: CONNECTIONS,
        seconds,
        ...(RATE === null ? {} : { rate: RATE / nodes.length }),
      } satisfies Job);
      return nextMessage<Published>(publisher);
    }),
  );
}

async function makeEndpoints({ call }: MeasuredNode, target: string): Promise<void> {
  for (let index = 0; index < ENDPOINTS; index++) {
    await call("POST", "app", { name: `Customer ${index}`, uid: `app-${index}` });
    await call("POST", `app/app-${index}/endpoint`, { url: `${target}/${index}` });
  }
}

/** Waits until the shards are evenly distributed. */
async function sharesAreEven({ call }: MeasuredNode, nodes: number): Promise<void> {
  for (const from = Date.now(); Date.now() - from < JOIN_MS; await delay(200)) {
    const cluster = (await call("GET", "cluster")) as { nodes: readonly { shards: number }[] };
    const shares = cluster.nodes.map(({ shards }) => shards);
    const isEven = shares.every((share) => Math.abs(share - SHARDS / nodes) < 1);
    if (shares.length === nodes && isEven) return;
  }
  throw new Error(`The shards were not evenly distributed within ${JOIN_MS} ms`);
}

interface Sample {
  readonly cpu: Readonly<Record<Kind, number>>;
  readonly wire: WireCounts;
}

const KINDS = ["nodes", "postgres", "publishers", "receiver", "wire"] as const;
type Kind = (typeof KINDS)[number];

async function sample({ postgres, wire, receiver, nodes, publishers }: Bench): Promise<Sample> {
  const sum = (children: readonly ChildProcess[]): number =>
    children.reduce((seconds, { pid }) => seconds + cpuSeconds(pid!), 0);
  const cpu = {
    nodes: sum(nodes.map(({ node }) => node.child)),
    postgres: treeCpuSeconds(postgres.pid),
    publishers: sum(publishers),
    receiver: sum([receiver]),
    wire: sum([wire]),
  };
  return { cpu, wire: await ask<WireCounts>(wire) };
}

/** Publishes for a while and waits until every delivery has its outcome on disk. Returns the number of deliveries. */
async function round(bench: Bench, seconds: number): Promise<{ deliveries: number; p50: number; p99: number }> {
  const published = await publish(bench, seconds);
  if (published.some(({ refused }) => refused > 0)) throw new Error("Some messages were rejected");
  while ((await bench.statements.due()) > 0) await delay(20);
  const worst = (of: (one: Published) => number): number => Math.max(...published.map(of));
  const deliveries = published.reduce((sum, { accepted }) => sum + accepted, 0);
  return { deliveries, p50: worst(({ p50 }) => p50), p99: worst(({ p99 }) => p99) };
}

async function measure(bench: Bench): Promise<string> {
  await round(bench, Number(values["warm-up"]));
  await bench.statements.reset();
  const load = loadAverage();
  const before = await sample(bench);
  const begun = performance.now();
  const { deliveries, p50, p99 } = await round(bench, SECONDS);
  const seconds = (performance.now() - begun) / 1000;
  const after = await sample(bench);
  if (values.top) console.log(await bench.statements.top(deliveries));
  const micros = KINDS.map((kind) => (((after.cpu[kind] - before.cpu[kind]) / deliveries) * 1e6).toFixed(0));
  const each = (of: (counts: WireCounts) => number): string =>
    ((of(after.wire) - of(before.wire)) / deliveries).toFixed(3);
  const asked = [each(({ statements }) => statements), each(({ roundTrips }) => roundTrips)];
  const cells = [
    bench.nodes.length,
    (deliveries / seconds).toFixed(0),
    ...asked,
    ...micros,
    p50.toFixed(1),
    p99.toFixed(1),
  ];
  return `| ${[...cells, load].join(" | ")} |`;
}

/** Starts this many nodes on a new database, measures, and stops them. */
async function withNodes(postgres: TestPostgres, count: number): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const child = (name: string, args: readonly string[] = []): ChildProcess => {
    const started = startModule(name, args);
    stack.defer(() => stop(started));
    return started;
  };
  const database = stack.use(await createDatabase(postgres.url));
  const receiver = child("receiver.ts");
  const { port: target } = await nextMessage<{ port: number }>(receiver);
  const wire = child("wire.ts", [String(postgres.port)]);
  const { port } = await nextMessage<{ port: number }>(wire);
  const url = new URL(database.url);
  url.port = String(port);
  const env = { POSTHORN_DATABASE_URL: url.href, POSTHORN_ENDPOINT_CONCURRENCY: "64" };
  const nodes: MeasuredNode[] = [];
  // One after the other, because the first one creates the tables and the shared key.
  for (let index = 0; index < count; index++) nodes.push(stack.use(await startMeasuredNode(env, { folder })));
  await sharesAreEven(nodes[0]!, count);
  await makeEndpoints(nodes[0]!, `http://127.0.0.1:${target}`);
  const statements = stack.use(await openStatements(database.url));
  const publishers = nodes.map(() => child("publisher.ts"));
  // Awaited here, because its resources are disposed of when this function returns.
  return await measure({ postgres, statements, wire, receiver, nodes, publishers });
}

await using postgres = await startPostgres({ settings: SETTINGS });
const rows: string[] = [];
for (const count of values.nodes.split(",").map(Number)) rows.push(await withNodes(postgres, count));
const pace = RATE === null ? `${CONNECTIONS} connections per node` : `${RATE} a second`;
console.log(`\n${SECONDS} s, ${pace}, ${ENDPOINTS} endpoints, payloads of 1 KiB; CPU in µs per delivery\n`);
console.log(
  "| nodes | deliveries/s | statements/delivery | round trips/delivery | CPU nodes | PostgreSQL | publishers | receiver | counter | publish p50 ms | p99 ms | load |",
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const row of rows) console.log(row);
