/**
 * Cost of one event at ordinary rates: published alone, delivered to one endpoint, and its outcome recorded. See README.md in this folder.
 *
 *     npm run bench:rates -- --stores sqlite,postgres --rates 10,100,500,full --seconds 10
 *
 * The counts (bytes and pages of the write-ahead log, bytes of the commit journal, commits, syncs, statements, messages between threads, timers) do not depend on the
 * load of the machine; CPU, wake-ups and latencies do. `--pages` lists the pages by table and index (SQLite), `--top` the most frequent
 * statements (PostgreSQL).
 */
import { createDatabase, startPostgres, type TestPostgres } from "@posthorn/testkit";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import type { Hops } from "@posthorn/testkit/count-hops";
import { type MeasuredNode, organisationToken, percentile, startMeasuredNode } from "./lib/node-api.ts";
import { type Latencies, OpenLoop } from "./lib/open-loop.ts";
import { openStatements, type Statements } from "./lib/postgres-statements.ts";
import { loadAverage, treeCpuSeconds } from "./lib/processes.ts";
import { countSyncs } from "./lib/sync-counter.ts";
import { threadUsage, usageSince } from "./lib/thread-usage.ts";
import { WalRecording } from "./lib/wal-pages.ts";

const { values } = parseArgs({
  options: {
    stores: { type: "string", default: "sqlite,postgres" },
    rates: { type: "string", default: "10,100,500,full" },
    seconds: { type: "string", default: "10" },
    pages: { type: "boolean", default: false },
    top: { type: "boolean", default: false },
  },
});
const SECONDS = Number(values.seconds);
/** Number of events of a run at full speed. */
const FULL_EVENTS = 2000 * SECONDS;
/** Events before the measurement, at 200 a second, so that hot code is compiled. */
const WARM_UP_EVENTS = 1000;
/** PostgreSQL's statistics lag by up to a second. */
const STATISTICS_MS = 1500;

const SETTINGS = { shared_buffers: "256MB", max_wal_size: "2GB", shared_preload_libraries: "pg_stat_statements" };

/** Totals of the database's work. */
interface Written {
  readonly walBytes: number;
  readonly commits: number;
  readonly syncs: number | null;
  readonly statements: number | null;
  /** CPU time of the database outside of the server's process. */
  readonly cpuMicros: number;
}

interface Recorded {
  readonly db: MeasuredDatabase;
  /** Returns the database's work since the start of the recording. */
  read(): Promise<Written>;
}

interface MeasuredDatabase {
  readonly env: Readonly<Record<string, string>>;
  record(folder: string): Promise<Recorded & AsyncDisposable>;
}

function sqlite(): MeasuredDatabase {
  const db: MeasuredDatabase = {
    env: {},
    record: async (folder) => {
      const recording = new WalRecording(join(folder, "posthorn.db"));
      return {
        db,
        read: async () => {
          const { bytes, commits, pages } = recording.read();
          if (values.pages)
            console.log([...pages].map(([name, count]) => `${String(count).padStart(7)} ${name}`).join("\n"));
          return { walBytes: bytes, commits, syncs: null, statements: null, cpuMicros: 0 };
        },
        [Symbol.asyncDispose]: async () => recording[Symbol.dispose](),
      };
    },
  };
  return db;
}

function postgresDatabase(postgres: TestPostgres, url: string, statements: Statements): MeasuredDatabase {
  const totals = async (client: pg.Client): Promise<Written> => {
    const { rows } = await client.query<Record<"bytes" | "commits" | "syncs" | "statements", string>>(
      `/* bench */ SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes, (SELECT wal_sync FROM pg_stat_wal) AS syncs,
         (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
         (SELECT sum(calls) FROM public.pg_stat_statements WHERE query NOT LIKE '/* bench */%') AS statements`,
    );
    const { bytes, commits, syncs, statements: calls } = rows[0]!;
    const cpuMicros = treeCpuSeconds(postgres.pid) * 1e6;
    return {
      walBytes: Number(bytes),
      commits: Number(commits),
      syncs: Number(syncs),
      statements: Number(calls),
      cpuMicros,
    };
  };
  const db: MeasuredDatabase = {
    env: { POSTHORN_DATABASE_URL: url },
    record: async () => {
      const client = new pg.Client(url);
      await client.connect();
      await statements.reset();
      await delay(STATISTICS_MS);
      const before = await totals(client);
      return {
        db,
        read: async () => {
          await delay(STATISTICS_MS);
          const after = await totals(client);
          const since = (of: (written: Written) => number): number => of(after) - of(before);
          return {
            walBytes: since(({ walBytes }) => walBytes),
            commits: since(({ commits }) => commits),
            syncs: since(({ syncs }) => syncs!),
            statements: since((written) => written.statements!),
            cpuMicros: since(({ cpuMicros }) => cpuMicros),
          };
        },
        [Symbol.asyncDispose]: () => client.end(),
      };
    },
  };
  return db;
}

/** Counts of the server since its start. */
async function hopsOf({ node }: MeasuredNode, path: string): Promise<Hops> {
  rmSync(path, { force: true });
  node.child.kill("SIGUSR2");
  while (statSync(path, { throwIfNoEntry: false }) === undefined) await delay(5);
  return JSON.parse(readFileSync(path, "utf8")) as Hops;
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

async function measure(database: MeasuredDatabase, rate: number | null): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const hopsPath = join(folder, "hops.json");
  const env = {
    ...database.env,
    HOPS_FILE: hopsPath,
    NODE_OPTIONS: `--import=${import.meta.resolve("@posthorn/testkit/count-hops")}`,
  };
  const node = stack.use(await startMeasuredNode(env, { folder }));
  const loop = stack.use(await OpenLoop.start());
  await node.call("POST", "app/bench/endpoint", { url: loop.url });
  const job = {
    origin: node.node.url,
    path: "/api/v1/app/bench/msg?with_content=false",
    token: organisationToken(),
    rate,
  };
  const count = rate === null ? FULL_EVENTS : Math.max(50, rate * SECONDS);
  await loop.publish({ ...job, rate: rate === null ? null : 200, count: rate === null ? count : WARM_UP_EVENTS });
  const diskSyncs = rate === null ? [] : await syncLatencies(folder, rate, count);
  const pid = node.node.child.pid!;
  const recording = await database.record(folder);
  const hopsBefore = await hopsOf(node, hopsPath);
  const usageBefore = threadUsage(pid);
  const latencies = await loop.publish({ ...job, count });
  // The last outcomes are stored after their events have arrived.
  await delay(200);
  const usage = usageSince(usageBefore, threadUsage(pid));
  const hopsAfter = await hopsOf(node, hopsPath);
  const written = await recording.read();
  await recording[Symbol.asyncDispose]();
  const hops = Object.fromEntries(
    Object.entries(hopsAfter).map(([name, total]) => [name, (total as number) - hopsBefore[name as keyof Hops]]),
  ) as unknown as Hops;
  const synced =
    written.syncs === null && rate !== null
      ? await countSyncs([pid], async () => {
          await loop.publish({ ...job, count });
          await delay(200);
        })
      : null;
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
    numbers.length === 0 ? "" : `${percentile(numbers, 0.5).toFixed(1)} / ${percentile(numbers, 0.99).toFixed(1)}`;
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
  "publish ms p50 / p99",
  "received ms p50 / p99",
  "disk sync ms p50 / p99",
  "load",
];

const rates = values.rates.split(",").map((rate) => (rate === "full" ? null : Number(rate)));
const rows: string[] = [];
const run = async (store: string, database: () => Promise<MeasuredDatabase & AsyncDisposable>): Promise<void> => {
  for (const rate of rates) {
    await using opened = await database();
    const load = loadAverage();
    const row = `| ${[store, rate ?? "full", ...cellsOf(await measure(opened, rate)), load].join(" | ")} |`;
    console.log(row);
    rows.push(row);
  }
};
if (values.stores.includes("sqlite"))
  await run("SQLite", async () => ({ ...sqlite(), [Symbol.asyncDispose]: async () => undefined }));
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
console.log(`\n${SECONDS} s, payloads of 1 KiB, one endpoint; figures per event\n`);
console.log(`| ${HEAD.join(" | ")} |\n| ${HEAD.map(() => "---:").join(" | ")} |\n${rows.join("\n")}`);
