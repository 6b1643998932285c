/** A provider that sends each delivery several times, and a server that is killed under it. */
import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, startReceiver, startServer, type TestServer } from "@posthorn/testkit";
import { describe, expect, it, onTestFailed } from "vitest";
import { checkDisk } from "../lib/disk.ts";
import { seededRandom, testSeed } from "../lib/random.ts";

const KILLS = 8;
const PROVIDERS = 8;
/** Copies of one delivery that a provider sends at once. */
const COPIES = 3;
/** How long a process lives once it is ready. */
const LIFE_MS = 100;
const MAX_LONGER_MS = 700;
const SECRET = "s3cret";

interface Source {
  readonly id: string;
  readonly path: string;
}

async function setUp(server: TestServer, target: string): Promise<Source> {
  const call = async (path: string, body: object): Promise<{ id: string; ingestUrl: string }> => {
    const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
    const answer = await fetch(`${server.url}/ingest/api/v1/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { id: string; ingestUrl: string };
  };
  const { id, ingestUrl } = await call("source", { name: "Storm", type: "github", secrets: [SECRET] });
  await call(`source/${id}/endpoint`, { url: target });
  return { id, path: new URL(ingestUrl).pathname };
}

/** Sends a delivery once; whether it was taken in. */
async function deliver(url: string, id: string): Promise<boolean> {
  const body = JSON.stringify({ ref: id });
  const headers = {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
  };
  try {
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function listEvents(server: TestServer, source: Source): Promise<string[]> {
  const ids: string[] = [];
  for (let iterator = "", done = false; !done;) {
    const path = `/ingest/api/v1/source/${source.id}/event?limit=250${iterator}`;
    const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${server.token}` } });
    const page = (await answer.json()) as { data: { deliveryId: string }[]; iterator: string; done: boolean };
    ids.push(...page.data.map((event) => event.deliveryId));
    iterator = `&iterator=${page.iterator}`;
    done = page.done;
  }
  return ids;
}

describe("a storm of deliveries while the server is killed again and again", () => {
  it("loses none that was answered 200, and makes one message of all copies", { timeout: 240_000 }, async () => {
    const random = seededRandom(testSeed());
    onTestFailed(() => void process.stderr.write(`inbound crash test: SEED=${random.seed}\n`));
    await using receiver = await startReceiver();
    await using server = await startServer({ env: { POSTHORN_RETRY_SCHEDULE: "0.2,0.2,0.2" } });
    const source = await setUp(server, receiver.url);
    const taken = new Set<string>();
    const state = { up: true, ended: false, next: 0 };
    const provide = async (): Promise<void> => {
      while (!state.ended) {
        const id = `d-${state.next++}`;
        // A provider sends until it is answered, and never knows of the copy whose answer was lost.
        for (let known = false; !known && !state.ended;) {
          if (!state.up) {
            await delay(5);
            continue;
          }
          const url = server.url + source.path;
          const answers = await Promise.all(Array.from({ length: COPIES }, () => deliver(url, id)));
          known = answers.includes(true);
          if (known) taken.add(id);
        }
      }
    };
    const work = Array.from({ length: PROVIDERS }, provide);
    for (let kills = 0; kills < KILLS; kills++) {
      await delay(LIFE_MS + random.below(MAX_LONGER_MS));
      state.up = false;
      await server.kill();
      await server.restart();
      state.up = true;
    }
    state.ended = true;
    await Promise.all(work);

    const passed = () => new Set(receiver.requests.map(({ headers }) => headers["x-github-delivery"]!));
    await eventually(() => expect([...taken].filter((id) => !passed().has(id))).toEqual([]), { timeoutMs: 60_000 });
    const messages = Map.groupBy(receiver.requests, ({ headers }) => headers["x-github-delivery"]!);
    const doubled = [...messages].filter(
      ([, list]) => new Set(list.map(({ headers }) => headers["webhook-id"])).size > 1,
    );
    expect(doubled).toEqual([]);
    const events = await listEvents(server, source);
    expect(new Set(events).size).toBe(events.length);
    expect([...taken].filter((id) => !events.includes(id))).toEqual([]);
    await server.stop();
    expect(checkDisk(server.dataDir)).toBe("ok");
    process.stdout.write(
      `inbound crash test: seed ${random.seed}, ${KILLS} kills, ${taken.size} deliveries taken in from ${COPIES} copies each, ` +
        `${receiver.requests.length} requests received\n`,
    );
  });
});
