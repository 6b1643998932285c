/** Several organisations on one server, with and without a separate origin for inbound webhooks. */
import { eventually } from "@posthorn/testkit";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { ensureOrganisation, firstOrganisation } from "../src/domain/organisation/ensure.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { servicesOver } from "./support/services.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

const SEPARATE = { POSTHORN_INGEST_URL: "https://hooks.example.com" };
const organisation = (number: number): string => `org_${String(number).padStart(27, "0")}`;
const folders: Disposable[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder[Symbol.dispose]();
});

function newFolder(): string {
  const temporary = temporaryFolder();
  folders.push(temporary);
  return temporary.path;
}

interface ApiResponse {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

async function call(node: TestNode, token: string, method: string, path: string, body?: object): Promise<ApiResponse> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const reply = await fetch(`${node.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: (await reply.json()) as Record<string, unknown> };
}

const list = async (node: TestNode, org: number) =>
  call(node, await node.tokenOf(organisation(org)), "GET", "/api/v1/app");

/** A page that a source returns, as the server sends it. */
async function pageOf(node: TestNode, org: number): Promise<string | null> {
  const token = await node.tokenOf(organisation(org));
  const response = { headers: { "content-type": "text/html" }, body: "<p>" };
  const fields = { name: "Pages", type: "generic-webhook", verification: { scheme: "none" }, response };
  const made = await call(node, token, "POST", "/ingest/api/v1/source", fields);
  const { pathname, host } = new URL(made.json["ingestUrl"] as string);
  const reply = await fetch(`${node.url}${pathname}`, { method: "POST", body: "{}", headers: { host } });
  return reply.headers.get("content-type");
}

it("a second organisation is rejected with a reason while inbound webhooks share the origin of the dashboard", async () => {
  await using node = await startNode(newFolder());
  expect((await list(node, 1)).status).toBe(200);
  const refused = await list(node, 2);
  expect(refused).toMatchObject({ status: 403, json: { code: "separate_origin_required" } });
  expect(refused.json["detail"]).toContain("POSTHORN_INGEST_URL");
  expect((await list(node, 2)).status).toBe(403);
  expect((await list(node, 1)).status).toBe(200);
});

it("of concurrent first tokens, only those of one organisation are accepted", async () => {
  await using node = await startNode(newFolder());
  const orgs = Array.from({ length: 12 }, (_, index) => (index % 4) + 1);
  const responses = await Promise.all(orgs.map(async (org) => ({ org, ...(await list(node, org)) })));
  const admitted = new Set(responses.filter(({ status }) => status === 200).map(({ org }) => org));
  expect(admitted.size).toBe(1);
  const refused = responses.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ json }) => json["code"]))).toEqual(new Set(["separate_origin_required"]));
  expect(await firstOrganisation(node.services.store.db)).not.toBeNull();
});

it("with a separate origin there can be any number", async () => {
  await using node = await startNode(newFolder(), { env: SEPARATE });
  for (const org of [1, 2, 3]) expect((await list(node, org)).status).toBe(200);
});

it("existing organisations keep working without one, and all except the first return only JSON and plain text", async () => {
  const path = newFolder();
  {
    await using node = await startNode(path, { env: SEPARATE });
    for (const org of [1, 2]) expect((await list(node, org)).status).toBe(200);
  }
  await using node = await startNode(path);
  for (const org of [1, 2]) expect((await list(node, org)).status).toBe(200);
  expect((await list(node, 3)).status).toBe(403);
  expect(await pageOf(node, 1)).toBe("text/html");
  expect(await pageOf(node, 2)).toBe("text/plain");
});

describe.runIf(onPostgres)("the first tokens of two organisations, used on two nodes at once", () => {
  it.each(["read committed", "repeatable read", "serializable"])(
    "create one organisation when transactions of the database are %s by default",
    async (isolation) => {
      const { url } = await borrowDatabase();
      const client = new pg.Client(url);
      await client.connect();
      await client.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), '${isolation}'); END $$`,
      );
      await client.end();
      await using one = await PostgresStore.open({ url });
      await using two = await PostgresStore.open({ url });
      const begun = Promise.withResolvers<void>();
      const second = Promise.withResolvers<void>();
      const first = one.transaction(async ({ db }) => {
        await db
          .insertInto("organisation")
          .values({ public_id: organisation(1), created_at: 0 })
          .execute();
        begun.resolve();
        await second.promise;
      });
      await begun.promise;
      const { services } = servicesOver(two);
      const outcome = ensureOrganisation(services, organisation(2)).catch((error: unknown) => error);
      // The second transaction has begun, and waits for the first.
      await untilWaiting(url);
      second.resolve();
      await first;
      expect(await outcome).toMatchObject({ code: "separate_origin_required" });
      expect(await one.db.selectFrom("organisation").select("public_id").execute()).toEqual([
        { public_id: organisation(1) },
      ]);
    },
  );
});

/** Resolves once a statement on the database waits for an advisory lock. */
async function untilWaiting(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await eventually(async () => {
    const { rowCount } = await client.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'",
    );
    if (rowCount === 0) throw new Error("no statement waits for a lock");
  });
  await client.end();
}
