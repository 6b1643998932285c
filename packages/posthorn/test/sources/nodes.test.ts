/** Sources on several nodes, and on a process that is killed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startServer, type TestServer } from "@posthorn/testkit";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { keyOfId } from "../../src/lib/id.ts";
import { shardOf } from "../../src/store/shards.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { borrowDatabase } from "../support/postgres.ts";
import { onPostgres, temporaryFolder } from "../support/store.ts";
import { startWebServer } from "./web-server.ts";

const KILLS = 10;
const CONFIG = { emit: "items", items: "$[*]", order: "oldest-first", start: "all" };

interface Caller {
  readonly url: string;
  readonly token: string;
}

async function call(
  { url, token }: Caller,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status > 299) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function makeSource(at: Caller, url: string): Promise<string> {
  const body = { name: "Items", kind: "http", config: { url, ...CONFIG } };
  return (await call(at, "POST", "ingest/api/v1/source", body))["id"] as string;
}

/** IDs of the items that were stored. */
async function stored(at: Caller, id: string): Promise<readonly number[]> {
  const items: number[] = [];
  let iterator: string | null = null;
  do {
    const page: Record<string, unknown> = await call(
      at,
      "GET",
      `api/v1/app/${id}/msg?limit=250${iterator === null ? "" : `&iterator=${iterator}`}`,
    );
    items.push(...(page["data"] as { payload: { id: number } }[]).map(({ payload }) => payload.id));
    iterator = page["done"] === true ? null : (page["iterator"] as string);
  } while (iterator !== null);
  return items.sort((a, b) => a - b);
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("a source of a process that is killed", () => {
  it("stores each item once, however often that happens", { timeout: 300_000 }, async () => {
    let count = 0;
    await using web = await startWebServer();
    web.respond = (_request, response) => void response.end(JSON.stringify(numbers(count).map((id) => ({ id }))));
    await using server = await startServer({ allowErrors: true });
    const id = await makeSource(server, web.url);
    for (let kills = 0; kills < KILLS; kills++) {
      count += 150;
      await call(server, "POST", `ingest/api/v1/source/${id}/poll`);
      await delay(Math.random() * 120);
      await server.kill();
      await server.restart();
    }
    await eventually(
      async () => {
        await call(server, "POST", `ingest/api/v1/source/${id}/poll`);
        expect(await stored(server, id)).toEqual(numbers(count));
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });
});

describe.runIf(onPostgres)("a source whose node is frozen", () => {
  it("is read by another node, and the frozen one does not move the cursor back", { timeout: 180_000 }, async () => {
    using folder = temporaryFolder();
    const { url: databaseUrl } = await borrowDatabase();
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await using web = await startWebServer();
    const one: TestNode = await startNode(folder.path, { env: { POSTHORN_DATABASE_URL: databaseUrl } });
    const secrets = { POSTHORN_JWT_SECRET: readFileSync(join(folder.path, "jwt.secret"), "utf8").trim() };
    const two: TestServer = await startServer({ databaseUrl, dataDir: folder.path, allowErrors: true, env: secrets });
    try {
      const frozen = await secondNode(client);
      web.respond = (_request, response) => void response.end("[]");
      const id = await sourceOf(client, one, { nodeId: frozen, url: web.url });
      // Its poll waits for a response while it is frozen.
      const late = Promise.withResolvers<void>();
      let isFirst = true;
      web.respond = (_request, response) => {
        if (!isFirst) return void response.end('[{"id": 1}, {"id": 2}, {"id": 3}]');
        isFirst = false;
        void late.promise.then(() => response.end('[{"id": 1}, {"id": 4}]'));
        return undefined;
      };
      const before = web.requests.length;
      await call(one, "POST", `ingest/api/v1/source/${id}/poll`);
      await eventually(() => expect(web.requests.length).toBe(before + 1));
      process.kill(two.pid, "SIGSTOP");
      await eventually(
        async () => {
          await call(one, "POST", `ingest/api/v1/source/${id}/poll`);
          expect(await stored(one, id)).toEqual([1, 2, 3]);
        },
        { timeoutMs: 60_000, intervalMs: 500 },
      );
      const row = await eventually(async () => {
        const now = await runRow(client, id);
        expect(now).toMatchObject({ events: 3 });
        return now;
      });
      late.resolve();
      process.kill(two.pid, "SIGCONT");
      await secondNode(client, frozen);
      // It has written neither its item nor its cursor, and no failure.
      expect(await stored(one, id)).toEqual([1, 2, 3]);
      expect(await runRow(client, id)).toMatchObject({ cursor_json: row["cursor_json"], events: 3, failures: 0 });
    } finally {
      await two[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
      await client.end();
    }
  });
});

/** The node that joined last, once it has its share. */
function secondNode(client: pg.Client, after = 0): Promise<number> {
  return eventually(
    async () => {
      const { rows } = await client.query<{ id: string }>(
        "SELECT node_id AS id FROM posthorn.shard WHERE node_id IS NOT NULL GROUP BY node_id HAVING count(*) = 32 ORDER BY node_id",
      );
      expect(rows).toHaveLength(2);
      const last = Number(rows.at(-1)!.id);
      expect(last).toBeGreaterThan(after);
      return last;
    },
    { timeoutMs: 60_000 },
  );
}

/** A source in a shard of a node. */
async function sourceOf(
  client: pg.Client,
  at: TestNode,
  { nodeId, url }: { readonly nodeId: number; readonly url: string },
): Promise<string> {
  for (;;) {
    const id = await makeSource(at, url);
    const { rows } = await client.query<{ node: string }>("SELECT node_id AS node FROM posthorn.shard WHERE id = $1", [
      shardOf(keyOfId("src_", id)!),
    ]);
    if (Number(rows[0]!.node) === nodeId) {
      await eventually(async () => {
        if ((await runRow(client, id))["cursor_json"] === null) throw new Error("not read yet");
      });
      return id;
    }
    await call(at, "DELETE", `ingest/api/v1/source/${id}`);
  }
}

async function runRow(client: pg.Client, id: string): Promise<Record<string, unknown>> {
  const { rows } = await client.query<Record<string, unknown>>(
    "SELECT cursor_json, events::int, failures::int, version::int FROM posthorn.source_run WHERE source_id = $1",
    [keyOfId("src_", id)],
  );
  return rows[0]!;
}
