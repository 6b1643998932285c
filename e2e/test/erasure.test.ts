import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startReceiver, startServer } from "@posthorn/testkit";
import { expect, it, onTestFailed } from "vitest";
import { queryDisk } from "../lib/disk.ts";
import { seededRandom, testSeed } from "../lib/random.ts";

const CANARY = "cus_canary.7f3a";
const MESSAGES = 600;
const KILLS = 4;

it(
  "an erasure that is killed again and again ends, and leaves the value in no row and, on SQLite, in no file",
  { timeout: 300_000 },
  async () => {
    const random = seededRandom(testSeed());
    onTestFailed(() => void process.stderr.write(`erasure test: SEED=${random.seed}\n`));
    await using receiver = await startReceiver({ response: { status: 200, body: `got ${CANARY}` } });
    await using server = await startServer();
    const call = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
      const response = await fetch(`${server.url}/api/v1/${path}`, {
        method,
        headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${await response.text()}`);
      return (await response.json()) as Record<string, unknown>;
    };
    await call("POST", "app", { name: "App", uid: "app" });
    await call("POST", "app/app/endpoint", { url: receiver.url, uid: "ep" });
    await call("POST", "app/app/endpoint", { url: receiver.url, uid: "off", disabled: true });
    for (let from = 0; from < MESSAGES; from += 100) {
      const messages = Array.from({ length: 100 }, (_, index) => {
        const id = (from + index) % 2 === 0 ? CANARY : "cus_other";
        return { eventType: "order.paid", payload: { customer: { id }, padding: "x".repeat(index * 40) } };
      });
      await call("POST", "app/app/msg/batch", { messages });
    }
    await eventually(
      async () => expect(await call("GET", "app/app/endpoint/ep/stats")).toMatchObject({ pending: 0, sending: 0 }),
      { timeoutMs: 120_000, intervalMs: 200 },
    );

    const { id } = await call("POST", "erasure", { path: "$.customer.id", value: CANARY });
    for (let kills = 0; kills < KILLS; kills++) {
      await delay(random.below(kills < KILLS / 2 ? 150 : 3000));
      await server.kill();
      await server.restart();
    }
    await eventually(
      async () => expect(await call("GET", `erasure/${String(id)}`)).toMatchObject({ state: "finished" }),
      {
        timeoutMs: 120_000,
        intervalMs: 200,
      },
    );
    expect((await call("GET", `erasure/${String(id)}`))["counts"]).toMatchObject({ messages: MESSAGES / 2 });
    expect(await call("GET", "app/app/endpoint/off/stats")).toMatchObject({ canceled: MESSAGES / 2 });
    await server.stop();

    const [rows] = await queryDisk(
      server,
      `SELECT (SELECT count(*) FROM message WHERE payload IS NOT NULL) AS kept,
        (SELECT count(*) FROM attempt WHERE response = 'EXPUNGED' AND detail_json IS NULL) AS erased,
        (SELECT count(*) FROM message_erasure) AS tombstones`,
    );
    const half = MESSAGES / 2;
    expect(Object.values(rows!).map(Number)).toEqual([half, half, half]);
    // Every response contained the value. Responses for the other messages are kept.
    const [value] = await queryDisk(server, "SELECT value_sealed FROM erasure");
    expect(value).toMatchObject({ value_sealed: null });
    if (server.databaseUrl !== null) return;
    const found = readdirSync(server.dataDir).filter((name) =>
      readFileSync(join(server.dataDir, name)).includes(`"id":"${CANARY}"`),
    );
    expect(found).toEqual([]);
  },
);
