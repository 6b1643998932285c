/**
 * Cost of one event at ordinary rates: published alone, delivered to one endpoint, and its outcome recorded. See README.md in this folder.
 *
 *     npm run bench:rates -- --stores sqlite,postgres --rates 10,100,500,full --seconds 10
 *
 * The counts (bytes and pages of the write-ahead log, bytes of the commit journal, commits, syncs, statements, messages between threads, timers) do not depend on the
 * load of the machine; CPU, wake-ups and latencies do. `--pages` lists the pages by table and index (SQLite), `--top` the most frequent
 * statements (PostgreSQL). `--pauses` lists pauses of the main thread with their causes instead, because the profiler that finds them takes
 * CPU time.
 */
import { createDatabase, startPostgres } from "@posthorn/testkit";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Hops } from "@posthorn/testkit/count-hops";
import { type MeasuredDatabase, postgresDatabase, sqlite, type Written } from "./lib/measured-database.ts";
import { type MeasuredNode, organisationToken, percentile, startMeasuredNode } from "./lib/node-api.ts";
import { type Latencies, OpenLoop, type OpenLoopJob } from "./lib/open-loop.ts";
import type { Pause } from "./lib/pause-probe.ts";
import { openStatements } from "./lib/postgres-statements.ts";
import { loadAverage } from "./lib/processes.ts";
import { countSyncs } from "./lib/sync-counter.ts";
import { threadUsage, usageSince } from "./lib/thread-usage.ts";

const { values } = parseArgs({
  options: {
    stores: { type: "string", default: "sqlite,postgres" },
    rates: { type: "string", default: "10,100,500,full" },
    seconds: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "20000" },
    pauses: { type: "boolean", default: false },
    tree: { type: "string" },
    pages: { type: "boolean", default: false },
    top: { type: "boolean", default: false },
  },
});
const SECONDS = Number(values.seconds);
/** Number of events of a run at full speed. */
const FULL_EVENTS = 2000 * SECONDS;
/**
 * Events before the measurement, at full speed. A server that has delivered 2,000 events runs most of its code uncompiled, and needs several
 * times the CPU time that it will need a few minutes later.
 */
const WARM_UP_EVENTS = Number(values["warm-up"]);
/** File for the counts of a server. */
const COUNTS = "counts.json";
const CALM_MS = 500;
const SETTINGS = { shared_buffers: "256MB", max_wal_size: "2GB", shared_preload_libraries: "pg_stat_statements" };

/** Has the server write what a preloaded module has counted. */
async function countsOf<Counts>({ node }: MeasuredNode, path: string): Promise<Counts> {
  rmSync(path, { force: true });
  node.child.kill("SIGUSR2");
  while (statSync(path, { throwIfNoEntry: false }) === undefined) await delay(5);
  return JSON.parse(readFileSync(path, "utf8")) as Counts;
}

/** Milliseconds that this disk takes to sync 4 KiB at this rate, without a database. */
async function syncLatencies(folder: string, rate: number, count: number): Promise<readonly number[]> {
  const file = openSync(join(folder, "sync"), "w");
  const page = Buffer.alloc(4096, 1);
  const latencies: number[] = [];
  for (const begun = performance.now(); latencies.length < count;) {
    const wait = begun + (latencies.length * 1000) / rate - performance.now();
    if (wait > 0) await delay(wait);
    const at = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    latencies.push(performance.now() - at);
  }
  closeSync(file);
  return latencies;
}

interface Row {
  readonly written: Written;
  readonly syncs: number | null;
  /** Bytes of SQLite's commit journal. */
  readonly journalBytes: number | null;
  readonly hops: Hops;
  readonly usage: ReturnType<typeof usageSince>;
  readonly latencies: Latencies;
  readonly diskSyncs: readonly number[];
  readonly events: number;
}

/** A server with one endpoint, after the warm-up. */
interface Started extends AsyncDisposable {
  readonly folder: string;
  readonly node: MeasuredNode;
  readonly loop: OpenLoop;
  readonly job: Omit<OpenLoopJob, "count">;
  /** Number of events of a measurement. */
  readonly count: number;
}

/** @param preload Module that counts something in the server, and writes it to a file in the folder that it finds in this variable. */
async function start(
  database: MeasuredDatabase,
  rate: number | null,
  preload: { readonly url: string; readonly variable: string },
): Promise<Started> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    ...database.env,
    [preload.variable]: join(folder, COUNTS),
    NODE_OPTIONS: `--import=${preload.url}`,
  };
  const node = stack.use(await startMeasuredNode(env, { folder, tree: values.tree }));
  const loop = stack.use(await OpenLoop.start());
  await node.call("POST", "app/bench/endpoint", { url: loop.url });
  const job = {
    origin: node.node.url,
    path: "/api/v1/app/bench/msg?with_content=false",
    token: organisationToken(),
    rate,
  };
  const count = rate === null ? FULL_EVENTS : Math.max(50, rate * SECONDS);
  if (WARM_UP_EVENTS > 0) await loop.publish({ ...job, rate: null, count: WARM_UP_EVENTS });
  // The last outcomes are stored, and the next events are alone.
  await delay(CALM_MS);
  const opened = stack.move();
  return { folder, node, loop, job, count, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Prints the pauses of the main thread over 20 ms. */
async function listPauses(database: MeasuredDatabase, store: string, rate: number | null): Promise<void> {
  const preload = { url: new URL("lib/pause-probe.ts", import.meta.url).href, variable: "PAUSES_FILE" };
  await using started = await start(database, rate, preload);
  const { folder, node, loop, job, count } = started;
  const path = join(folder, COUNTS);
  await countsOf<readonly Pause[]>(node, path);
  await loop.publish({ ...job, count });
  await delay(CALM_MS);
  const pauses = await countsOf<readonly Pause[]>(node, path);
  const own = pauses.filter(({ ms, cpuMs, gcMs }) => Math.max(cpuMs, gcMs) >= ms / 2);
  const others = `${pauses.length - own.length} in which the thread waited for a core or for the kernel`;
  const run = `${store}, ${rate ?? "full"}, ${count} events, load ${loadAverage()}`;
  console.log(`${run}: ${own.length} pauses over 20 ms with work of the thread, and ${others}`);
  for (const { ms, cpuMs, gcMs, functions } of own.toSorted((first, second) => second.cpuMs - first.cpuMs)) {
    const times = `${ms.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)}, collector ${gcMs.toFixed(0)}`;
    console.log(`  ${times}: ${functions.join(", ")}`);
  }
}

async function measure(database: MeasuredDatabase, rate: number | null): Promise<Row> {
  const preload = { url: import.meta.resolve("@posthorn/testkit/count-hops"), variable: "HOPS_FILE" };
  await using started = await start(database, rate, preload);
  const { folder, node, loop, job, count } = started;
  const hopsPath = join(folder, COUNTS);
  const diskSyncs = rate === null ? [] : await syncLatencies(folder, rate, count);
  const pid = node.node.child.pid!;
  const hopsBefore = await countsOf<Hops>(node, hopsPath);
  const usageBefore = threadUsage(pid);
  const latencies = await loop.publish({ ...job, count });
  // The last outcomes are stored after their events have arrived.
  await delay(200);
  const usage = usageSince(usageBefore, threadUsage(pid));
  const hopsAfter = await countsOf<Hops>(node, hopsPath);
  // In a run of its own: while SQLite's log is recorded, it grows, and no checkpoint copies it.
  const recording = await database.record(folder);
  const again = async (): Promise<void> => {
    await loop.publish({ ...job, count });
    await delay(200);
  };
  const synced = database.countsSyncs || rate === null ? null : await countSyncs([pid], again);
  if (synced === null) await again();
  const written = await recording.read();
  await recording[Symbol.asyncDispose]();
  const hops = Object.fromEntries(
    Object.entries(hopsAfter).map(([name, total]) => [name, (total as number) - hopsBefore[name as keyof Hops]]),
  ) as unknown as Hops;
  const { syncs = written.syncs, journalBytes = null } = synced ?? {};
  return { written, syncs, journalBytes, hops, usage, latencies, diskSyncs, events: count };
}

/** Threads that are listed on their own; all others are summed. */
const THREADS = ["main", "posthorn-writer", "posthorn-reader"];

function cellsOf({ written, syncs, journalBytes, hops, usage, latencies, diskSyncs, events }: Row): readonly string[] {
  const each = (total: number | null, digits = 2): string => (total === null ? "" : (total / events).toFixed(digits));
  const sum = (of: (name: string) => boolean, what: "cpuMicros" | "wakeUps"): number =>
    [...usage].reduce((total, [name, used]) => total + (of(name) ? used[what] : 0), 0);
  const cpu = sum(() => true, "cpuMicros");
  const byThread = (what: "cpuMicros" | "wakeUps", digits: number): string =>
    [
      ...THREADS.map((thread) => sum((name) => thread.startsWith(name) && name !== "", what)),
      sum((name) => !THREADS.some((thread) => thread.startsWith(name)), what),
    ]
      .map((total) => each(total, digits))
      .join(" / ");
  const ms = (numbers: readonly number[]): string =>
    numbers.length === 0
      ? ""
      : [percentile(numbers, 0.5), percentile(numbers, 0.99), Math.max(...numbers)]
          .map((one) => one.toFixed(1))
          .join(" / ");
  return [
    each(written.walBytes / 1024, 1),
    each(journalBytes === null ? null : journalBytes / 1024, 1),
    each(written.commits),
    each(syncs),
    each(written.statements),
    `${each(hops.toThreads)} / ${each(hops.fromThreads)}`,
    `${each(hops.timers)} / ${each(hops.immediates)}`,
    byThread("wakeUps", 1),
    each(cpu, 0),
    byThread("cpuMicros", 0),
    each(written.cpuMicros, 0),
    ms(latencies.published),
    ms(latencies.received),
    ms(diskSyncs),
  ];
}

const HEAD = [
  "store",
  "events/s",
  "WAL KiB",
  "journal KiB",
  "commits",
  "syncs",
  "statements",
  "messages to / from threads",
  "timers / immediates",
  "wake-ups main / writer / reader / other",
  "CPU µs",
  "CPU µs main / writer / reader / other",
  "database CPU µs",
  "publish ms p50 / p99 / max",
  "received ms p50 / p99 / max",
  "disk sync ms p50 / p99 / max",
  "load",
];

const rates = values.rates.split(",").map((rate) => (rate === "full" ? null : Number(rate)));
const rows: string[] = [];
const run = async (store: string, database: () => Promise<MeasuredDatabase & AsyncDisposable>): Promise<void> => {
  for (const rate of rates) {
    await using opened = await database();
    if (values.pauses) {
      await listPauses(opened, store, rate);
      continue;
    }
    const load = loadAverage();
    const row = `| ${[store, rate ?? "full", ...cellsOf(await measure(opened, rate)), load].join(" | ")} |`;
    console.log(row);
    rows.push(row);
  }
};
if (values.stores.includes("sqlite"))
  await run("SQLite", async () => ({ ...sqlite(values.pages), [Symbol.asyncDispose]: async () => undefined }));
if (values.stores.includes("postgres")) {
  await using postgres = await startPostgres({ settings: SETTINGS });
  await run("PostgreSQL", async () => {
    const stack = new AsyncDisposableStack();
    const { url } = stack.use(await createDatabase(postgres.url));
    const statements = stack.use(await openStatements(url));
    return {
      ...postgresDatabase(postgres, url, statements),
      [Symbol.asyncDispose]: async () => {
        if (values.top) console.log(await statements.top(1));
        await stack.disposeAsync();
      },
    };
  });
}
if (rows.length > 0) console.log(`\n${SECONDS} s, payloads of 1 KiB, one endpoint; figures per event\n`);
if (rows.length > 0)
  console.log(`| ${HEAD.join(" | ")} |\n| ${HEAD.map(() => "---:").join(" | ")} |\n${rows.join("\n")}`);
