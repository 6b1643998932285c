/**
 * Time of a search among many applications and endpoints, and of the list of all endpoints, over HTTP, on the store that POSTHORN_DATABASE_URL selects. See README.md in this
 * folder.
 *
 *     npm run bench:search -- --applications 100000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { organisationToken } from "../packages/posthorn/src/cli/token/create.ts";
import { envToConfig } from "../packages/posthorn/src/config/config.ts";
import { readEnv } from "../packages/posthorn/src/config/env.ts";
import { loadSecrets } from "../packages/posthorn/src/config/secrets.ts";
import { PosthornNode } from "../packages/posthorn/src/node/node.ts";

const { values } = parseArgs({
  options: {
    applications: { type: "string", default: "100000" },
    repetitions: { type: "string", default: "20" },
  },
});
const COUNT = Number(values.applications);
const REPETITIONS = Number(values.repetitions);
const ROWS_AT_ONCE = 1000;
const ORGANISATION = "org_00000000000000000000000test";
/** Nothing, one of the oldest objects, some, all, and a name with two words. */
const QUERIES = ["nothing-has-this", "customer-000017", "customer-0009", "customer", "gmbh customer-050000"];
/** Pages of the list of all endpoints: the first ones in both orders, and filters that match nothing, an old one, and all. */
const LISTS = ["", "sort=url", "search=nothing-has-this", "host=hooks.customer-000017.example.com", "health=healthy"];

async function fill({ store, ids }: PosthornNode["services"], orgId: number): Promise<void> {
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

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const environment = { ...process.env, POSTHORN_DATA_DIR: folder, POSTHORN_LISTEN: "127.0.0.1:0" };
const config = envToConfig(readEnv({ environment, dev: true }));
const secrets = loadSecrets(config);
const node = await PosthornNode.start({ config, secrets, log: pino({ level: "silent" }) });
try {
  const headers = { authorization: `Bearer ${await organisationToken(secrets.jwtSecret, ORGANISATION)}` };
  // The first call creates the organisation.
  await fetch(`${node.url}/api/v1/app`, { headers });
  const { id } = await node.services.store.db
    .selectFrom("organisation")
    .select("id")
    .where("public_id", "=", ORGANISATION)
    .executeTakeFirstOrThrow();
  await fill(node.services, id);
  console.log(`${COUNT} applications and ${COUNT} endpoints, ${config.database.kind}`);
  for (const q of QUERIES) await measure(q, `search?${new URLSearchParams({ q })}`);
  for (const query of LISTS) await measure(`endpoint?${query}`, `endpoint?${query}`);

  async function measure(name: string, path: string): Promise<void> {
    const times: number[] = [];
    let cpuBefore = process.cpuUsage();
    let found = 0;
    for (let turn = 0; turn <= REPETITIONS; turn++) {
      // The first one warms the caches.
      if (turn === 1) cpuBefore = process.cpuUsage();
      const startedAt = performance.now();
      const response = await fetch(`${node.url}/api/v1/${path}`, { headers });
      found = ((await response.json()) as { readonly data: readonly unknown[] }).data.length;
      if (turn > 0) times.push(performance.now() - startedAt);
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpu = ((user + system) / 1000 / REPETITIONS).toFixed(1).padStart(7);
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(1).padStart(7);
    console.log(
      `${name.padEnd(48)} ${String(found).padStart(3)} found  p50 ${at(0.5)} ms  max ${at(1)} ms  CPU ${cpu} ms`,
    );
  }
} finally {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
