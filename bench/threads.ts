/**
 * One process with several threads: deliveries per second, and CPU time of the busiest thread, which is the ceiling of a process on a machine with
 * enough cores. The server, the receiver and the generator of load, `wrk`, are separate processes. See README.md in this folder.
 *
 *     npm run bench:threads -- --threads 1,2,4 --database sqlite --seconds 8 --connections 64 --endpoints 64
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
    threads: { type: "string", default: "1,2,4" },
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

/** CPU time of each thread of a process in nanoseconds, by thread id. */
function threadTimes(pid: number): ReadonlyMap<string, number> {
  const times = readdirSync(`/proc/${pid}/task`).map((task): [string, number] => {
    const text = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8");
    return [task, Number(text.split(" ")[0])];
  });
  return new Map(times);
}

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

/** Publishes over all connections. Throws when a request is refused. */
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
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Some messages were refused:\n${stdout}`);
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
  const spent = [...threadTimes(pid)].map(
    ([task, time]) => (time - (before.threads.get(task) ?? 0)) / 1000 / deliveries,
  );
  const [first = 0, second = 0, third = 0] = spent.toSorted((a, b) => b - a);
  const ofDatabase = bench.postgres === null ? 0 : treeCpuSeconds(bench.postgres) - database;
  const perDelivery = (of: number): string => ((of * 1e6) / deliveries).toFixed(0);
  return [
    (inTime / seconds).toFixed(0),
    spent.reduce((sum, one) => sum + one, 0).toFixed(0),
    ...[first, second, third].map((one) => one.toFixed(0)),
    perDelivery(ofDatabase),
    perDelivery(cpuSeconds(bench.receiver.pid!) - others),
    loadAverage(),
  ];
}

async function withThreads(threads: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = values.database === "sqlite" ? null : stack.use(await startPostgres({ settings: POSTGRES }));
  const url = postgres === null ? null : stack.use(await createDatabase(postgres.url)).url;
  const receiver = stack.adopt(startModule("receiver.ts"), stop);
  const { port } = await nextMessage<{ port: number }>(receiver);
  const server = stack.use(
    await startMeasuredNode({
      ...(url === null ? {} : { POSTHORN_DATABASE_URL: url }),
      POSTHORN_THREADS: String(threads),
      POSTHORN_ENDPOINT_CONCURRENCY: "64",
      POSTHORN_CONCURRENCY: "1024",
    }),
  );
  if (threads > 1) await sharesAreEven(server, threads);
  for (let index = 0; index < ENDPOINTS; index++) {
    await server.call("POST", "app", { name: `Customer ${index}`, uid: `app-${index}` });
    await server.call("POST", `app/app-${index}/endpoint`, { url: `http://127.0.0.1:${port}/${index}` });
  }
  const bench: Bench = { server, receiver, postgres: postgres?.pid ?? null };
  await publish(bench, values["warm-up"]);
  await settled(bench);
  for (let index = 0; index < Number(values.rounds); index++) {
    console.log(`| ${[threads, ...(await round(bench))].join(" | ")} |`);
  }
}

console.log(
  `${values.database}, ${values.seconds} s, ${values.connections} connections, ${ENDPOINTS} endpoints, payloads of 1 KiB\n`,
);
console.log("| Threads | Deliveries/s | Server | Busiest thread | Second | Third | PostgreSQL | Receiver | Load |");
console.log("| --: | --: | --: | --: | --: | --: | --: | --: | --: |");
for (const threads of values.threads.split(",").map(Number)) await withThreads(threads);
