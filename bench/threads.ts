/**
 * One process with several threads: deliveries per second, and CPU time of the busiest thread, which limits a process on a machine with
 * enough cores. With `auto`, the process starts threads itself. The server, the receiver and the load generator `wrk` are separate
 * processes. See README.md in this folder.
 *
 *     npm run bench:threads -- --threads auto,1,2,3,4 --database sqlite --seconds 8 --connections 64 --endpoints 64
 */
import { createDatabase, startPostgres } from "@posthorn/testkit";
import { type ChildProcess, execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { type MeasuredNode, organisationToken, startMeasuredNode } from "./lib/node-api.ts";
import { cpuSeconds, loadAverage, nextMessage, startModule, stop, treeCpuSeconds } from "./lib/processes.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "auto,1,2,4" },
    database: { type: "string", default: "sqlite" },
    seconds: { type: "string", default: "8" },
    "warm-up": { type: "string", default: "8" },
    connections: { type: "string", default: "64" },
    endpoints: { type: "string", default: "64" },
    rounds: { type: "string", default: "3" },
  },
});
const ENDPOINTS = Number(values.endpoints);
const SCRIPT = fileURLToPath(new URL("lib/publish.lua", import.meta.url));
const POSTGRES = { shared_buffers: "256MB", max_wal_size: "2GB" };
const SHARDS = 64;
const JOIN_MS = 60_000;
/** Deliveries are complete when none has arrived for this long. */
const QUIET_MS = 1000;

const run = promisify(execFile);

interface Bench {
  readonly server: MeasuredNode;
  readonly receiver: ChildProcess;
  /** `null`: SQLite. */
  readonly postgres: number | null;
}

interface ThreadTime {
  readonly name: string;
  /** CPU time in nanoseconds. */
  readonly time: number;
}

/** CPU time of each thread of a process, by thread id. */
function threadTimes(pid: number): ReadonlyMap<string, ThreadTime> {
  const times = readdirSync(`/proc/${pid}/task`).map((task): [string, ThreadTime] => {
    const read = (file: string): string => readFileSync(`/proc/${pid}/task/${task}/${file}`, "utf8");
    return [task, { name: read("comm").trim(), time: Number(read("schedstat").split(" ")[0]) }];
  });
  return new Map(times);
}

/** Threads that run a node: the main thread and those beside it. */
const NODE_THREAD = /^(?:MainThread|posthorn-\d+)$/;
const WRITER_THREAD = "posthorn-writer";

async function received({ receiver }: Bench): Promise<number> {
  receiver.send("count");
  return (await nextMessage<{ received: number }>(receiver)).received;
}

async function settled(bench: Bench): Promise<number> {
  for (let last = -1; ; await delay(QUIET_MS)) {
    const now = await received(bench);
    if (now === last) return now;
    last = now;
  }
}

/** Waits until the shards are evenly distributed over the threads. */
async function sharesAreEven({ call }: MeasuredNode, threads: number): Promise<void> {
  for (const from = Date.now(); Date.now() - from < JOIN_MS; await delay(200)) {
    const cluster = (await call("GET", "cluster")) as { nodes: readonly { shards: number }[] };
    const shares = cluster.nodes.map(({ shards }) => shards);
    if (shares.length === threads && shares.every((share) => Math.abs(share - SHARDS / threads) < 1)) return;
  }
  throw new Error(`The shards were not evenly distributed within ${JOIN_MS} ms`);
}

/** Publishes over all connections. Throws if a request is rejected. */
async function publish({ server }: Bench, seconds: string): Promise<void> {
  const args = [
    "-t",
    "1",
    "-c",
    values.connections,
    "-d",
    `${seconds}s`,
    "--timeout",
    "60s",
    "-s",
    SCRIPT,
    server.node.url,
  ];
  const { stdout } = await run("wrk", [...args, "--", organisationToken(), String(ENDPOINTS)]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Some messages were rejected:\n${stdout}`);
}

async function round(bench: Bench): Promise<readonly string[]> {
  const pid = bench.server.node.child.pid!;
  const before = { threads: threadTimes(pid), total: await received(bench) };
  const [database, others] = [
    bench.postgres === null ? 0 : treeCpuSeconds(bench.postgres),
    cpuSeconds(bench.receiver.pid!),
  ];
  const begun = performance.now();
  await publish(bench, values.seconds);
  const inTime = (await received(bench)) - before.total;
  const seconds = (performance.now() - begun) / 1000;
  const deliveries = (await settled(bench)) - before.total;
  const spent = [...threadTimes(pid)].map(([task, { name, time }]) => {
    return { name, us: (time - (before.threads.get(task)?.time ?? 0)) / 1000 / deliveries };
  });
  const total = (of: typeof spent): number => of.reduce((sum, { us }) => sum + us, 0);
  const nodes = spent.filter(({ name }) => NODE_THREAD.test(name));
  const writer = spent.filter(({ name }) => name === WRITER_THREAD);
  const ofDatabase = bench.postgres === null ? 0 : treeCpuSeconds(bench.postgres) - database;
  const perDelivery = (of: number): string => ((of * 1e6) / deliveries).toFixed(0);
  return [
    (inTime / seconds).toFixed(0),
    ...[
      total(spent),
      Math.max(...nodes.map(({ us }) => us)),
      total(nodes),
      total(writer),
      total(spent) - total(nodes) - total(writer),
    ].map((us) => us.toFixed(0)),
    perDelivery(ofDatabase),
    perDelivery(cpuSeconds(bench.receiver.pid!) - others),
    loadAverage(),
  ];
}

/** @param threads A value of POSTHORN_THREADS. */
async function withThreads(threads: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = values.database === "sqlite" ? null : stack.use(await startPostgres({ settings: POSTGRES }));
  const url = postgres === null ? null : stack.use(await createDatabase(postgres.url)).url;
  const receiver = stack.adopt(startModule("receiver.ts"), stop);
  const { port } = await nextMessage<{ port: number }>(receiver);
  const server = stack.use(
    await startMeasuredNode({
      ...(url === null ? {} : { POSTHORN_DATABASE_URL: url }),
      POSTHORN_THREADS: threads,
      POSTHORN_ENDPOINT_CONCURRENCY: "64",
      POSTHORN_CONCURRENCY: "1024",
    }),
  );
  if (Number(threads) > 1) await sharesAreEven(server, Number(threads));
  for (let index = 0; index < ENDPOINTS; index++) {
    await server.call("POST", "app", { name: `Customer ${index}`, uid: `app-${index}` });
    await server.call("POST", `app/app-${index}/endpoint`, { url: `http://127.0.0.1:${port}/${index}` });
  }
  const bench: Bench = { server, receiver, postgres: postgres?.pid ?? null };
  await publish(bench, values["warm-up"]);
  await settled(bench);
  for (let index = 0; index < Number(values.rounds); index++) {
    const figures = await round(bench);
    const { nodes } = (await server.call("GET", "cluster")) as { nodes: readonly object[] };
    const label = threads === "auto" ? `auto: ${nodes.length}` : threads;
    console.log(`| ${[label, ...figures].join(" | ")} |`);
  }
}

console.log(
  `${values.database}, ${values.seconds} s, ${values.connections} connections, ${ENDPOINTS} endpoints, payloads of 1 KiB\n`,
);
console.log(
  "| Threads | Deliveries/s | Server | Busiest node thread | Node threads | Writer | V8 and others | PostgreSQL | Receiver | Load |",
);
console.log("| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
for (const threads of values.threads.split(",")) await withThreads(threads);
