/**
 * Cost of calls and commits with a history of 10 thousand, 1 million and 10 million attempts in a dedicated PostgreSQL. The largest history
 * needs 12 GB of disk space, which is freed at the end. See README.md in this folder.
 *
 *     npm run bench:growth -- --attempts 10000,1000000,10000000
 */
import { createDatabase, startPostgres } from "@posthorn/testkit";
import type pg from "pg";
import { parseArgs } from "node:util";
import { IdGenerator } from "../packages/posthorn/src/lib/id.ts";
import { PostgresStore } from "../packages/posthorn/src/store/postgres/postgres-store.ts";
import type { AcceptEntry } from "../packages/posthorn/src/store/store.ts";
import type { Outcome } from "../packages/posthorn/src/store/delivery.ts";
import { addHistory, DAY_MS, endpointsIn, type HistoryPlan, openSchema } from "./lib/history.ts";
import { type MeasuredNode, percentile, startMeasuredNode } from "./lib/node-api.ts";
import { loadAverage, nextMessage, startModule, stop } from "./lib/processes.ts";

const { values } = parseArgs({
  options: { attempts: { type: "string", default: "10000,1000000,10000000" }, days: { type: "string", default: "10" } },
});
const STAGES = values.attempts.split(",").map(Number);
const DAYS = Number(values.days);
const APPLICATIONS = 50;
const ENDPOINTS_OF_APPLICATION = 2;
const CALLS = 30;
const COMMITS = 100;
const BATCH = 100;
const PAGE = 256;
const LANES = 16;

const SETTINGS = { shared_buffers: "256MB", max_wal_size: "1GB", autovacuum: "off" };
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(1000) }));
/** Rows of the table: the name of each measurement, and its result at each stage. */
const table = new Map<string, string[]>();

function note(what: string, figure: string): void {
  const row = table.get(what) ?? [];
  row.push(figure);
  table.set(what, row);
  console.log(`${what}: ${figure}`);
}

/**
 * Measures `work` in milliseconds, median and maximum. If a call is rejected, the row shows how long it took, the error is printed, and the
 * run continues.
 */
async function timed(what: string, times: number, work: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) {
    const begun = performance.now();
    try {
      await work();
    } catch (error) {
      note(what, `failed after ${(performance.now() - begun).toFixed(0)}`);
      console.log(`  ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    took.push(performance.now() - begun);
  }
  note(what, `${percentile(took, 0.5).toFixed(1)} (${Math.max(...took).toFixed(0)})`);
}

function message(id: number, endpoints: readonly number[], due = 0): AcceptEntry {
  const nothing = { eventId: null, channelsJson: null, tagsJson: null, expiresAt: null, deliverAt: null };
  const none = { orderingKey: null, unmatchedJson: null, requestJson: null, idempotency: null };
  const what = { publicId: `msg_${id}`, appId: 1, eventType: "bench.event", payload: PAYLOAD, due };
  return { id, ...what, contentType: "application/json", endpointIds: endpoints, ...nothing, ...none };
}

function outcome(messageId: number, endpointId: number, id: number): Outcome {
  const answered = {
    url: "https://example.com/",
    status: 0,
    responseCode: 200,
    response: "ok",
    durationMs: 5,
  } as const;
  const attempt = { id, publicId: `atmpt_${id}`, ...answered, errorCode: null, detailJson: "x".repeat(300) };
  return { messageId, endpointId, generation: 0, trigger: 0, state: 1, due: null, attempts: 1, attempt };
}

/** Measures the store operations of delivery, on endpoints that no node owns. */
async function measureStore(url: string, stage: number): Promise<void> {
  await using store = await PostgresStore.open({ url });
  const ids = new IdGenerator(Date.now, await store.lastKey());
  const key = (): number => ids.next("msg_").key;
  const lanes = Array.from({ length: LANES }, (_, index) => 1000 * (stage + 1) + index);
  await timed("publish, alone", COMMITS, () => store.accept(message(key(), lanes)));
  const batch = (): number[] => Array.from({ length: BATCH }, key);
  await timed(`publish, ${BATCH} together`, CALLS, () =>
    Promise.all(batch().map((id) => store.accept(message(id, [lanes[0]!])))),
  );
  const stored = Array.from({ length: CALLS }, batch);
  for (const of of stored) await Promise.all(of.map((id) => store.accept(message(id, [lanes[1]!]))));
  await timed(`outcome, ${BATCH} together`, CALLS, () =>
    Promise.all(stored.pop()!.map((id) => store.record(outcome(id, lanes[1]!, key())))),
  );
  await timed(`page of ${PAGE} due`, CALLS, async () => {
    const { deliveries } = await store.due(lanes[0]!, Date.now(), PAGE);
    if (deliveries.length !== PAGE) throw new Error(`A page has ${deliveries.length} rows`);
  });
  await timed(`pages of ${LANES} lanes`, CALLS, () =>
    Promise.all(lanes.map((lane) => store.due(lane, Date.now(), 16))),
  );
  await timed("queries at start-up", CALLS, () => store.backlog());
}

async function measureCalls({ call }: MeasuredNode): Promise<void> {
  const get = (what: string, path: string): Promise<void> => timed(what, CALLS, () => call("GET", path));
  const of = "app/bench-0";
  await get("attempts of an endpoint", `${of}/attempt/endpoint/ep-0-0?limit=50`);
  await get("… that failed", `${of}/attempt/endpoint/ep-0-0?limit=50&status=2`);
  const { id } = (await call("POST", `${of}/msg`, { eventType: "invoice.paid", payload: {} })) as { id: string };
  await get("attempts with a rare tag", `${of}/attempt/endpoint/ep-0-0?limit=50&tag=rare`);
  await get("attempts of a message", `${of}/attempt/msg/${id}`);
  await get("messages of an application", `${of}/msg?limit=50`);
  await get("… of a day", `${of}/msg?limit=50&before=${new Date(Date.now() - 5 * DAY_MS).toISOString()}`);
  await get("… of a rare type", `${of}/msg?limit=50&event_types=invoice.rare`);
  await get("… with a rare tag", `${of}/msg?limit=50&tag=rare`);
  await get("messages of an endpoint", `${of}/endpoint/ep-0-0/msg?limit=50`);
  await get("… that failed there", `${of}/endpoint/ep-0-0/msg?limit=50&status=2`);
  await get("statistics of an endpoint", `${of}/endpoint/ep-0-0/stats`);
  await get("search, newest messages", "message?limit=50");
  await get("search, failed", "message?limit=50&state=failed");
  await get("search, a text without matches", "message?limit=50&text=no-such-text");
  await get("Home: now", "stats/now");
  await get("Home: sums of a day", "stats/summary");
  await get("Home: series of a day", "stats/series");
  await get("Home: storage", "stats/storage");
  await get("Home: failures of a day", "issue");
}

async function makeEndpoints({ call }: MeasuredNode, target: string): Promise<void> {
  for (let app = 0; app < APPLICATIONS; app++) {
    await call("POST", "app", { name: `Customer ${app}`, uid: `bench-${app}` });
    for (let index = 0; index < ENDPOINTS_OF_APPLICATION; index++) {
      await call("POST", `app/bench-${app}/endpoint`, { url: target, uid: `ep-${app}-${index}` });
    }
  }
}

async function sizeOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ bytes: string }>("SELECT pg_database_size(current_database()) AS bytes");
  return `${(Number(rows[0]!.bytes) / 2 ** 30).toFixed(2)} GiB`;
}

const now = Date.now();
await using postgres = await startPostgres({ settings: SETTINGS });
await using database = await createDatabase(postgres.url);
await using stack = new AsyncDisposableStack();
const { url } = database;
const { client } = stack.use(await openSchema(url, now, DAYS));
const receiver = startModule("receiver.ts");
stack.defer(() => stop(receiver));
const { port } = await nextMessage<{ port: number }>(receiver);
const startNode = (): Promise<MeasuredNode> => startMeasuredNode({ POSTHORN_DATABASE_URL: url });
{
  await using node = await startNode();
  await makeEndpoints(node, `http://127.0.0.1:${port}`);
}
// The node computes the current hour itself.
const plan: HistoryPlan = {
  endpoints: await endpointsIn(client),
  endpointsOfApplication: ENDPOINTS_OF_APPLICATION,
  days: DAYS,
  until: now - 3_600_000,
};
let there = 0;
for (const [index, attempts] of STAGES.entries()) {
  await addHistory(client, plan, attempts - there, index + 1);
  there = attempts;
  note("size", await sizeOf(client));
  note("load of the machine", loadAverage());
  await measureStore(url, index);
  await using node = await startNode();
  await measureCalls(node);
}
console.log(`\nmilliseconds, median and longest, with so many attempts stored\n\n| | ${STAGES.join(" | ")} |`);
console.log(`| --- |${STAGES.map(() => " ---: |").join("")}`);
for (const [what, row] of table) console.log(`| ${what} | ${row.join(" | ")} |`);
