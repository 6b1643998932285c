/**
 * Time of searches and lists among many applications, endpoints and messages, over HTTP, on SQLite or on a PostgreSQL of its own. See README.md
 * in this folder.
 *
 *     npm run bench:search -- --applications 100000 --messages 1000000 --store postgres
 */
import { createDatabase, startPostgres } from "@posthorn/testkit";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { pino } from "pino";
import { organisationToken } from "../packages/posthorn/src/cli/token/create.ts";
import { envToConfig } from "../packages/posthorn/src/config/config.ts";
import { readEnv } from "../packages/posthorn/src/config/env.ts";
import { loadSecrets } from "../packages/posthorn/src/config/secrets.ts";
import { IdGenerator } from "../packages/posthorn/src/lib/id.ts";
import { PosthornNode } from "../packages/posthorn/src/node/node.ts";
import { clientConfig } from "../packages/posthorn/src/store/postgres/connections.ts";
import { migrate } from "../packages/posthorn/src/store/postgres/migrate.ts";
import { ensurePartitions } from "../packages/posthorn/src/store/postgres/partitions.ts";
import { DAY_MS } from "./lib/history.ts";
import { addMessages } from "./lib/many-messages.ts";
import { percentile } from "./lib/node-api.ts";
import { loadAverage } from "./lib/processes.ts";

const { values } = parseArgs({
  options: {
    applications: { type: "string", default: "100000" },
    messages: { type: "string", default: "1000000" },
    store: { type: "string", default: "sqlite" },
    repetitions: { type: "string", default: "40" },
  },
});
const COUNT = Number(values.applications);
const MESSAGES = Number(values.messages);
const REPETITIONS = Number(values.repetitions);
/** The messages are from this many days up to an hour ago. */
const DAYS = 10;
/** Every second message is for this application. */
const BUSY = 50_000 % COUNT;
const ROWS_AT_ONCE = 1000;
const ORGANISATION = "org_00000000000000000000000test";
/** Searches that match nothing, one of the oldest objects, some, all, and a name with two words. */
const QUERIES = ["nothing-has-this", "customer-000017", "customer-0009", "customer", "gmbh customer-050000"];

/** The lists of the dashboard: first pages, in their orders, and with filters that match nothing, little, and everything. */
function listsOf(app: string, endpoint: string, message: string): readonly string[] {
  const day = new Date(Date.now() - 5 * DAY_MS).toISOString();
  return [
    "app?limit=50",
    "app?order=descending&limit=50",
    "app?search=customer-000017",
    "app?search=nothing-has-this",
    "app?exclude_apps_with_disabled_endpoints=true",
    "endpoint",
    "endpoint?sort=url",
    "endpoint?search=nothing-has-this",
    "endpoint?host=hooks.customer-000017.example.com",
    "endpoint?health=healthy",
    "endpoint?health=failing",
    "endpoint?state=disabled",
    `app/${app}/endpoint`,
    "message?limit=50",
    "message?state=failed",
    "message?text=nothing-has-this",
    "message?event_types=invoice.rare",
    `message?before=${day}`,
    `message?app_id=${app}`,
    `app/${app}/msg`,
    `app/${app}/msg?event_types=invoice.rare`,
    `app/${app}/msg?tag=none-has-this`,
    `app/${app}/attempt/endpoint/${endpoint}`,
    `app/${app}/attempt/endpoint/${endpoint}?status=2`,
    `app/${app}/endpoint/${endpoint}/msg`,
    `app/${app}/endpoint/${endpoint}/msg?status=2`,
    `app/${app}/attempt/msg/${message}`,
    "issue",
    "incident",
    "event-type",
    "replay",
    "audit",
    "stats/now",
    "stats/summary",
    "stats/series",
  ];
}

async function fill({ store }: PosthornNode["services"], orgId: number): Promise<void> {
  // A separate connection, because that of the node closes when a busy machine delays its lease.
  const ids = new IdGenerator(Date.now, await store.lastKey());
  const now = Date.now();
  for (let from = 0; from < COUNT; from += ROWS_AT_ONCE) {
    const names = Array.from({ length: Math.min(ROWS_AT_ONCE, COUNT - from) }, (_, index) =>
      String(from + index).padStart(6, "0"),
    );
    const applications = names.map((name) => {
      const { key: id, id: public_id } = ids.next("app_");
      const more = {
        throttle_rate: null,
        egress_allow: null,
        policy_json: null,
        egress_sealed: null,
        deleted_at: null,
      };
      const texts = { uid: `customer-${name}`, name: `Example ${name} GmbH`, metadata_json: `{"region":"eu-${name}"}` };
      return { id, public_id, org_id: orgId, kind: 0, ...texts, ...more, created_at: now, updated_at: now };
    });
    const endpoints = applications.map(({ id: app_id, uid }) => {
      const { key: id, id: public_id } = ids.next("ep_");
      const none = { uid: null, throttle_rate: null, event_types_json: null, channels_json: null, deleted_at: null };
      const sealed = { headers_sealed: null, egress_sealed: null, transformation_sealed: null };
      const json = { policy_json: null, disabled_json: null, verification_json: null, filter_json: null };
      const url = `https://hooks.${uid}.example.com/webhooks`;
      const texts = { url, description: "", version: 1, disabled: 0, metadata_json: "{}" };
      return { id, public_id, app_id, ...none, ...sealed, ...json, ...texts, created_at: now, updated_at: now };
    });
    await store.transaction(async ({ db }) => {
      await db.insertInto("application").values(applications).execute();
      await db.insertInto("endpoint").values(endpoints).execute();
    });
  }
}

interface Stand {
  readonly node: PosthornNode;
  readonly headers: Readonly<Record<string, string>>;
  /** Updates the planner's statistics, as autovacuum does after a while. */
  readonly analyse: () => Promise<void>;
}

/** A node on the chosen store. On PostgreSQL, the days of the messages have partitions, as if the node had run since then. */
async function startStand(stack: AsyncDisposableStack): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const database = values.store === "postgres" ? await startDatabase(stack) : null;
  const environment = {
    ...process.env,
    POSTHORN_DATA_DIR: folder,
    POSTHORN_LISTEN: "127.0.0.1:0",
    ...(database === null ? {} : { POSTHORN_DATABASE_URL: database.url }),
  };
  const config = envToConfig(readEnv({ environment, dev: true }));
  const secrets = loadSecrets(config);
  const node = stack.use(await PosthornNode.start({ config, secrets, log: pino({ level: "silent" }) }));
  const headers = { authorization: `Bearer ${await organisationToken(secrets.jwtSecret, ORGANISATION)}` };
  return { node, headers, analyse: async () => void (await database?.client.query("VACUUM (ANALYZE)")) };
}

async function startDatabase(
  stack: AsyncDisposableStack,
): Promise<{ readonly url: string; readonly client: pg.Client }> {
  const settings = { shared_buffers: "256MB", max_wal_size: "1GB" };
  const postgres = stack.use(await startPostgres({ settings, parent: tmpdir() }));
  const { url } = stack.use(await createDatabase(postgres.url));
  const client = new pg.Client(clientConfig({ url, use: "schema" }));
  await client.connect();
  stack.defer(() => client.end());
  await migrate(client, Date.now());
  await ensurePartitions(client, Date.now(), Date.now() - (DAYS + 1) * DAY_MS);
  return { url, client };
}

await using stack = new AsyncDisposableStack();
const { node, headers, analyse } = await startStand(stack);
const call = async (path: string, body?: object): Promise<Record<string, unknown>> => {
  const method = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${node.url}/api/v1/${path}`, {
    ...method,
    headers: { ...headers, "content-type": "application/json" },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
};

/** Prints the times of one call, after one that fills the caches. */
async function measure(name: string, path: string): Promise<void> {
  const times: number[] = [];
  let answer = await call(path);
  const before = process.cpuUsage();
  for (let turn = 0; turn < REPETITIONS; turn++) {
    const startedAt = performance.now();
    answer = await call(path);
    times.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / 1000 / REPETITIONS).toFixed(1);
  const found = Array.isArray(answer["data"]) ? String(answer["data"].length) : "";
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(times, share).toFixed(1));
  console.log(`| \`${name}\` | ${found} | ${p50} | ${p95} | ${cpu} |`);
}

// The first call creates the organisation.
await call("app");
const { db } = node.services.store;
const { id: orgId } = await db
  .selectFrom("organisation")
  .select("id")
  .where("public_id", "=", ORGANISATION)
  .executeTakeFirstOrThrow();
await fill(node.services, orgId);
const until = Date.now() - 3_600_000;
const from = until - DAYS * DAY_MS;
const endpoints = await db.selectFrom("endpoint").select(["id", "app_id as appId"]).orderBy("id").execute();
await addMessages(node.services.store, { messages: MESSAGES, endpoints, busy: BUSY, orgId, from, until });
await analyse();
const busy = `customer-${String(BUSY).padStart(6, "0")}`;
const [endpoint] = (await call(`app/${busy}/endpoint`))["data"] as readonly { readonly id: string }[];
const message = await call(`app/${busy}/msg`, { eventType: "invoice.paid", payload: {} });
console.log(
  `${COUNT} applications, ${COUNT} endpoints, ${MESSAGES} messages, ${values.store}, load ${loadAverage()}\n`,
);
console.log("| Call | Found | p50, ms | p95, ms | CPU of the node, ms |\n| --- | --: | --: | --: | --: |");
for (const q of QUERIES) await measure(`search?q=${q}`, `search?${new URLSearchParams({ q })}`);
for (const path of listsOf(busy, endpoint!.id, String(message["id"]))) {
  const name = path.replaceAll(busy, "A").replace(endpoint!.id, "E").replace(String(message["id"]), "M");
  await measure(name, path);
}
