/** The shops in `examples`, run as a reader runs them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  COMPILE_CACHE,
  createDatabase,
  type Receiver,
  sharedPostgres,
  startReceiver,
  startServer,
} from "@posthorn/testkit";
import { describe, expect, it } from "vitest";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

interface Shop extends AsyncDisposable {
  post(path: string, body: object): Promise<{ readonly status: number; readonly json: Record<string, unknown> }>;
  orders(): Promise<readonly object[]>;
}

async function openShop(path: string, databaseUrl: string): Promise<Shop> {
  const dataDir = mkdtempSync(join(tmpdir(), "posthorn-shop-"));
  const child = spawn(process.execPath, ["--conditions=@posthorn/source", join(EXAMPLES, path)], {
    env: { ...COMPILE_CACHE, PATH: process.env["PATH"], DATABASE_URL: databaseUrl, DATA_DIR: dataDir, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let url: string | undefined;
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    url = /open: (\S+)\n/.exec(output)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`The shop did not open: ${output}`);
  child.stdout.resume();
  return {
    post: async (to, body) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}${to}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    },
    orders: async () => (await (await fetch(`${url}/orders`)).json()) as object[],
    [Symbol.asyncDispose]: async () => {
      const exit = once(child, "exit") as Promise<[number | null]>;
      child.kill("SIGTERM");
      const [code] = await exit;
      rmSync(dataDir, { recursive: true, force: true });
      // A shop that hangs or crashes at the end is not a good example.
      expect(code).toBe(0);
    },
  };
}

/** One paid order, one with a declined card, and another paid order. */
async function sell(shop: Shop, receiver: Receiver): Promise<void> {
  const order = (card: string, total: number) => shop.post("/orders", { customer: "acme", total, card });
  const paid = await order("good", 100);
  expect(paid.status).toBe(201);
  const declined = await order("empty", 200);
  expect([declined.status, declined.json["error"]]).toEqual([402, "The card was declined."]);
  const last = await order("good", 300);
  const sent = [paid.json["message"], last.json["message"]];
  await receiver.waitForCount(2);
  await receiver.waitFor(({ headers }) => headers["webhook-id"] === last.json["message"]);
  expect(new Set(receiver.requests.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(sent));
  const bodies = receiver.requests.map(({ body }) => JSON.parse(body.toString()) as { total: number });
  expect(new Set(bodies.map(({ total }) => total))).toEqual(new Set([100, 300]));
  expect(await shop.orders()).toMatchObject([{ total: 100 }, { total: 300 }]);
}

describe("the example shops", () => {
  it("Express with Drizzle and an embedded Posthorn sends nothing for a rolled-back order", async () => {
    await using database = await createDatabase(await sharedPostgres());
    await using receiver = await startReceiver();
    await using shop = await openShop("express-drizzle/shop.ts", database.url);
    expect((await shop.post("/customers", { name: "acme", webhookUrl: receiver.url })).status).toBe(201);
    await sell(shop, receiver);
  });

  it("Fastify with pg and a separate server sends nothing for a rolled-back order", async () => {
    await using database = await createDatabase(await sharedPostgres());
    await using receiver = await startReceiver();
    await using server = await startServer({ databaseUrl: database.url });
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    const call = (path: string, body: object) =>
      fetch(`${server.url}/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    await call("app", { name: "Acme", uid: "acme" });
    expect((await call("app/acme/endpoint", { url: receiver.url })).status).toBe(201);
    await using shop = await openShop("fastify-pg/shop.ts", database.url);
    await sell(shop, receiver);
  });
});
