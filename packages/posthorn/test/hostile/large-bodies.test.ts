/** Requests of maximum size, while the server must answer a health check and another customer's publish. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../support/store.ts";
import { batchBodies, FILLERS, inboundBodies, type LargeBody, ordinaryBodies, requestBodies } from "./large-bodies.ts";
import { MAX_ROUNDS, MAX_TURN, type Running, startServer } from "./process.ts";
import { Scene } from "./scene.ts";

const APP = "/api/v1/app/{app_id}";
const ENDPOINT = `${APP}/endpoint/{endpoint_id}`;
/** Detects a hang: the test sends 150 MiB, and 300 MiB in the nightly run. */
const INBOUND_MS = 600_000;

let folder: ReturnType<typeof temporaryFolder>;
let server: Running;
let scene: Scene;

beforeAll(async () => {
  folder = temporaryFolder();
  server = await startServer(folder.path);
  scene = await Scene.make(server);
  // Filters read every message of the attacked application; one of them compares numbers that need exact parsing.
  for (const filter of [{ body: { missing: 1 } }, { body: { missing: 12_345_678 } }]) {
    const body = { url: "https://silent.example.com/", filter };
    const { status, text } = await scene.send("POST", scene.fill(`${APP}/endpoint`), JSON.stringify(body));
    if (status !== 201) throw new Error(`${status} ${text}`);
  }
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/**
 * The longest turn of the event loop while the server read this request. If it exceeds the limit, the shortest of several: garbage
 * collection and other processes lengthen only some turns, whereas code that does not yield lengthens all of them.
 */
async function longestTurnOf(path: string, type: string, text: string): Promise<{ turn: number; status: number }> {
  let turn = Infinity;
  let status = 0;
  for (let round = 0; round < MAX_ROUNDS && turn > MAX_TURN; round++) {
    await server.longestTurn();
    const [response, refused] = await Promise.all([
      scene.send("POST", path, text, { "content-type": type }),
      server.serveOthers(),
    ]);
    ({ status } = response);
    expect(refused).toEqual([]);
    turn = Math.min(turn, await server.longestTurn());
  }
  return { turn, status };
}

async function slowOnes(bodies: Iterable<LargeBody>): Promise<readonly string[]> {
  const slow: string[] = [];
  for (const { path, type, text } of bodies) {
    const { turn, status } = await longestTurnOf(scene.fill(path), type, text);
    if (turn <= MAX_TURN && status < 500) continue;
    slow.push(`${path}, ${text.slice(0, 60)}…: ${status}, one turn took as long as parsing ${Math.round(turn)} MiB`);
  }
  return slow;
}

const FILLED = [...FILLERS].map(([title, filler], place) => [title, filler, place] as const);

it.each(FILLED)("batches full of %s block no other request", async (_title, filler, place) => {
  expect(await slowOnes(batchBodies(`${APP}/msg/batch`, filler, place))).toEqual([]);
});

it("batches of a thousand wide messages, empty batches and broken JSON block no other request", async () => {
  expect(await slowOnes(ordinaryBodies("/api/v1/msg/batch"))).toEqual([]);
});

it.each(FILLED)("other requests full of %s block no other request", async (_title, filler, place) => {
  expect(await slowOnes(requestBodies(APP, ENDPOINT, filler, place))).toEqual([]);
});

it("inbound webhooks with any body block no other request", { timeout: INBOUND_MS }, async () => {
  const paths = await scene.inboundPaths();
  for (const [place, path] of paths.entries()) expect(await slowOnes(inboundBodies(path, place))).toEqual([]);
});
