import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startReceiver, startServer, type TestServer } from "@posthorn/testkit";
import { expect, it, onTestFailed } from "vitest";
import { queryDisk } from "../lib/disk.ts";
import { PersistentClient } from "../lib/persistent-client.ts";
import { seededRandom, testSeed } from "../lib/random.ts";
import { ReceiveRun } from "../lib/receive-run.ts";

const SENDERS = 4;
/** Kills while the rotation runs. */
const KILLS = 4;
/** Maximum number of events between two kills. */
const EVENTS_A_LIFE = 100;
const ROTATION_MS = 120_000;

interface Key {
  readonly id: number;
  readonly state: string;
}

/** Waits until a background task has ended, and returns its data. */
async function endOf(run: ReceiveRun, task: unknown): Promise<Record<string, unknown>> {
  const path = `/api/v1/background-task/${String(task)}`;
  await eventually(async () => expect(await run.call("GET", path)).toMatchObject({ status: "finished" }), {
    timeoutMs: ROTATION_MS,
    intervalMs: 200,
  });
  return (await run.call("GET", path))["data"] as Record<string, unknown>;
}

/** IDs of the data keys of all encrypted values. */
async function keysInUse(run: ReceiveRun): Promise<string[]> {
  const { counts } = await endOf(run, (await run.call("POST", "/api/v1/encryption/verify"))["id"]);
  const byColumn = counts as Record<string, Record<string, number>>;
  expect(Object.keys(byColumn)).toEqual(
    expect.arrayContaining(["source_secret.secret_sealed", "message.request_json"]),
  );
  return [...new Set(Object.values(byColumn).flatMap((byKey) => Object.keys(byKey)))];
}

function keysOf(run: ReceiveRun): Promise<readonly Key[]> {
  return run.call("GET", "/api/v1/encryption").then(({ keys }) => keys as readonly Key[]);
}

async function wrappedKeys(server: TestServer): Promise<Map<number, Uint8Array | null>> {
  const rows = await queryDisk(server, "SELECT id, wrapped FROM encryption_key");
  return new Map(rows.map(({ id, wrapped }) => [Number(id), wrapped as Uint8Array | null]));
}

it(
  "a rotation that is killed under load continues, loses no delivery, and leaves nothing that the old keys can decrypt",
  { timeout: 600_000 },
  async () => {
    const random = seededRandom(testSeed());
    onTestFailed(() => void process.stderr.write(`rotation test: SEED=${random.seed}\n`));
    await using receiver = await startReceiver({ response: () => ({ status: 204, delayMs: random.below(10) }) });
    const oldRoot = randomBytes(32).toString("base64");
    await using server = await startServer({ env: { POSTHORN_ENCRYPTION_KEY: oldRoot } });
    const run = new ReceiveRun(random, server, receiver);
    await run.setUp();
    // Stored with the message, encrypted.
    run.headers = { authorization: "Bearer of-the-provider" };

    using client = new PersistentClient(() => run.kills.url(), 4 * SENDERS);
    run.left = EVENTS_A_LIFE;
    const work = Array.from({ length: SENDERS }, () => run.send(client));
    await delay(500);
    const { id: task } = await run.call("POST", "/api/v1/encryption/rotate");
    for (let kills = 0; kills < KILLS; kills++) {
      run.left = EVENTS_A_LIFE;
      await Promise.race([delay(100 + random.below(900)), ...work]);
      await run.kills.kill(run.endpointId);
    }
    await endOf(run, task);
    run.end();
    await Promise.all(work);
    await eventually(
      async () => {
        const stats = await run.call("GET", `/api/v1/app/${run.sourceId}/endpoint/${run.endpointId}/stats`);
        expect(stats).toMatchObject({ pending: 0, sending: 0, canceled: 0, fail: 0 });
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    const arrived = new Set(receiver.requests.map(({ headers }) => headers["x-github-delivery"]!));
    expect([...run.accepted.keys()].filter((id) => !arrived.has(id))).toEqual([]);
    expect(await keysOf(run)).toMatchObject([
      { id: 2, state: "sealing" },
      { id: 1, state: "destroyed" },
    ]);
    expect(await keysInUse(run)).toEqual(["2"]);

    // The root key is replaced: the server gets both, rotates, and needs only the new one from then on.
    await server.stop();
    const before = await wrappedKeys(server);
    expect(before.get(1)).toBeNull();
    const newRoot = randomBytes(32).toString("base64");
    await expect(server.restart({ POSTHORN_ENCRYPTION_KEY: newRoot })).rejects.toThrow(
      "POSTHORN_ENCRYPTION_KEY_PREVIOUS",
    );
    await server.restart({ POSTHORN_ENCRYPTION_KEY: newRoot, POSTHORN_ENCRYPTION_KEY_PREVIOUS: oldRoot });
    await endOf(run, (await run.call("POST", "/api/v1/encryption/rotate"))["id"]);
    expect(await keysInUse(run)).toEqual(["3"]);
    await server.stop();
    expect((await wrappedKeys(server)).get(2)).toBeNull();
    // PostgreSQL keeps old values in its WAL.
    expect(server.databaseUrl === null ? filesWith(server.dataDir, before.get(2)!) : []).toEqual([]);
    await expect(server.restart()).rejects.toThrow("POSTHORN_ENCRYPTION_KEY");
    await server.restart({ POSTHORN_ENCRYPTION_KEY: newRoot });
    expect(await keysInUse(run)).toEqual(["3"]);
  },
);

/** Files of a folder that contain these bytes. */
function filesWith(folder: string, bytes: Uint8Array): string[] {
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(Buffer.from(bytes)));
}
