/** Requests of maximal size, while the server must answer a health check and another customer's publish within 200 ms. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../support/store.ts";
import { batchBodies, FILLERS, inboundBodies, type LargeBody, ordinaryBodies, requestBodies } from "./large-bodies.ts";
import { Latency } from "./latency.ts";
import { type Running, startProcess } from "./process.ts";
import { Scene } from "./scene.ts";

const BOUND_MS = 200;
const APP = "/api/v1/app/{app_id}";
const ENDPOINT = `${APP}/endpoint/{endpoint_id}`;

let folder: ReturnType<typeof temporaryFolder>;
let server: Running;
let control: Running;
let scene: Scene;
let latency: Latency;

beforeAll(async () => {
  folder = temporaryFolder();
  [server, control] = await Promise.all([startProcess("server", folder.path), startProcess("control", folder.path)]);
  scene = await Scene.make(server);
  // Filters read every message of the attacked application; one of them compares numbers that need exact parsing.
  for (const filter of [{ body: { missing: 1 } }, { body: { missing: 12_345_678 } }]) {
    const body = { url: "https://silent.example.com/", filter };
    const { status, text } = await scene.send("POST", scene.fill(`${APP}/endpoint`), JSON.stringify(body));
    if (status !== 201) throw new Error(`${status} ${text}`);
  }
  latency = new Latency(
    [
      { url: `${server.url}/health/live`, method: "GET", token: "", body: "" },
      {
        url: `${server.url}/api/v1/app/other/msg`,
        method: "POST",
        token: server.token,
        body: '{"eventType":"order.paid","payload":{}}',
      },
    ],
    { url: control.url, method: "GET", token: "", body: "" },
  );
});

afterAll(async () => {
  await latency?.[Symbol.asyncDispose]();
  await Promise.all([server?.[Symbol.asyncDispose](), control?.[Symbol.asyncDispose]()]);
  folder?.[Symbol.dispose]();
});

/** The delay of other requests while the server read this one; the smaller of two if the first exceeded the limit, as on a busy machine. */
async function waitedFor(path: string, type: string, text: string): Promise<{ waited: number; status: number }> {
  let waited = Infinity;
  let status = 0;
  for (let round = 0; round < 2 && waited > BOUND_MS; round++) {
    await latency.settled();
    const from = performance.now();
    ({ status } = await scene.send("POST", path, text, { "content-type": type }));
    const to = performance.now();
    await latency.settled();
    waited = Math.min(waited, latency.worstBetween(from, to));
  }
  return { waited, status };
}

async function slowOnes(bodies: Iterable<LargeBody>): Promise<readonly string[]> {
  const slow: string[] = [];
  for (const { path, type, text } of bodies) {
    const { waited, status } = await waitedFor(scene.fill(path), type, text);
    if (waited <= BOUND_MS && status < 500) continue;
    slow.push(`${path}, ${text.slice(0, 60)}…: ${status}, others waited ${Math.round(waited)} ms`);
  }
  return slow;
}

it.each([...FILLERS])("batches full of %s block no other request", async (_title, filler) => {
  expect(await slowOnes(batchBodies(`${APP}/msg/batch`, filler))).toEqual([]);
});

it("batches of a thousand wide messages, of nothing and of broken JSON block no other request", async () => {
  expect(await slowOnes(ordinaryBodies("/api/v1/msg/batch"))).toEqual([]);
});

it.each([...FILLERS])("other requests full of %s block no other request", async (_title, filler) => {
  expect(await slowOnes(requestBodies(APP, ENDPOINT, filler))).toEqual([]);
});

it("inbound webhooks block no other request, whatever their body", async () => {
  const paths = await scene.inboundPaths();
  for (const path of paths) expect(await slowOnes(inboundBodies(path))).toEqual([]);
});
