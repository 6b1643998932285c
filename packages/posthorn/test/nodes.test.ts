/** Several nodes on one PostgreSQL database. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ReceiverResponse,
  eventually,
  type Receiver,
  startReceiver,
  startServer,
  type TestServer,
} from "@posthorn/testkit";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keyOfId } from "../src/lib/id.ts";
import { shardOf } from "../src/store/shards.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const ENDPOINTS = 12;
const folder = temporaryFolder();
const SETTINGS = { POSTHORN_RETRY_SCHEDULE: "3600,3600" };
/** Time for a lease to expire and for another node to take the shard. */
const TAKE_OVER_TIMEOUT = { timeoutMs: 40_000 };
/** Less than the interval at which a node checks for missed notifications. */
const BEFORE_RESCAN = { timeoutMs: 25_000 };

let databaseUrl: string;
let receiver: Receiver;
let client: pg.Client;
let one: TestNode;
/** Public IDs of the endpoints; each is at the path of its number. */
let endpoints: string[];

const start = (): Promise<TestNode> =>
  startNode(folder.path, { env: { ...SETTINGS, POSTHORN_DATABASE_URL: databaseUrl } });

/** A node as a separate process, so that it can be killed and frozen. */
function startProcess(): Promise<TestServer> {
  const secrets = { POSTHORN_JWT_SECRET: readFileSync(join(folder.path, "jwt.secret"), "utf8").trim() };
  return startServer({ databaseUrl, dataDir: folder.path, allowErrors: true, env: { ...SETTINGS, ...secrets } });
}

const asNode = ({ url }: TestServer): TestNode => ({ ...one, url });

/** The numbers of the endpoints whose lanes are at a node, by its ID. */
async function endpointsOf(nodeId: number): Promise<number[]> {
  const { rows } = await client.query<{ id: string }>("SELECT id FROM posthorn.shard WHERE node_id = $1", [nodeId]);
  const shards = new Set(rows.map(({ id }) => Number(id)));
  return endpoints.flatMap((id, number) => (shards.has(shardOf(keyOfId("ep_", id)!)) ? [number] : []));
}

async function nodeIds(): Promise<number[]> {
  const { rows } = await client.query<{ id: string }>("SELECT id FROM posthorn.node ORDER BY id");
  return rows.map(({ id }) => Number(id));
}

/** Waits until this many nodes share the shards evenly, and returns the ID of the one that joined last. */
function settled(nodes: number): Promise<number> {
  return eventually(async () => {
    const ids = await nodeIds();
    const { rows } = await client.query<{ shards: string }>(
      "SELECT count(*) AS shards FROM posthorn.shard WHERE node_id = ANY ($1::bigint[]) GROUP BY node_id",
      [ids],
    );
    expect([ids.length, rows.length, rows.reduce((sum, { shards }) => sum + Number(shards), 0)]).toEqual([
      nodes,
      nodes,
      64,
    ]);
    for (const { shards } of rows) expect(Math.abs(Number(shards) - 64 / nodes)).toBeLessThan(1);
    return ids.at(-1)!;
  }, TAKE_OVER_TIMEOUT);
}

async function call(node: TestNode, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const { status, json, text } = await new Tenant(node).call(method, path, body);
  if (status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
  return json;
}

async function publish(node: TestNode, fields: object = {}): Promise<string> {
  return (await call(node, "POST", "app/app/msg", { eventType: "a", payload: {}, ...fields }))["id"] as string;
}

/** The message IDs that an endpoint received, in order. */
function received(endpoint: number): string[] {
  return receiver.requests.filter(({ path }) => path === `/${endpoint}`).map(({ headers }) => headers["webhook-id"]!);
}

function everywhere(id: string): void {
  for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) expect(received(endpoint)).toContain(id);
}

function noneTwice(): void {
  for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
    expect(received(endpoint)).toEqual([...new Set(received(endpoint))]);
  }
}

describe.runIf(onPostgres)("nodes on one database", () => {
  beforeAll(async () => {
    databaseUrl = (await borrowDatabase()).url;
    client = new pg.Client(databaseUrl);
    await client.connect();
    receiver = await startReceiver();
    one = await start();
    await call(one, "POST", "app", { name: "Test", uid: "app" });
    endpoints = [];
    for (let number = 0; number < ENDPOINTS; number++) {
      const created = await call(one, "POST", "app/app/endpoint", {
        url: `${receiver.url}/${number}`,
        uid: `ep${number}`,
      });
      endpoints.push(created["id"] as string);
    }
  });

  beforeEach(() => {
    receiver.respondWith(204);
    receiver.clear();
  });

  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await client.end();
    folder[Symbol.dispose]();
  });

  it("share the work evenly, and deliver what any of them accepts, once", async () => {
    await using two = await start();
    const id = await settled(2);
    const theirs = await endpointsOf(id);
    expect(theirs.length).toBeGreaterThan(0);
    expect(theirs.length).toBeLessThan(ENDPOINTS);
    const ids = [await publish(one), await publish(two)];
    await eventually(() => ids.forEach(everywhere));
    noneTwice();
  });

  it("each show the events of all of them", async () => {
    await using two = await start();
    await settled(2);
    const stream = await fetch(`${two.url}/api/v1/live`, { headers: { authorization: `Bearer ${two.token}` } });
    let told = "";
    const reading = stream.body!.pipeTo(
      new WritableStream({ write: (chunk: Uint8Array) => void (told += Buffer.from(chunk).toString()) }),
    );
    const eventsOf = (id: string, event: string): readonly string[] =>
      told.split("\n\n").filter((text) => text.includes(id) && text.includes(`event: ${event}`));
    // Events from before the stream was opened are not shown.
    const id = await eventually(async () => {
      const published = await publish(one);
      await eventually(() => expect(eventsOf(published, "message.accepted")).toHaveLength(1), { timeoutMs: 5000 });
      return published;
    });
    await eventually(() => expect(eventsOf(id, "attempt.recorded")).toHaveLength(ENDPOINTS));
    expect(eventsOf(id, "message.accepted")).toHaveLength(1);
    await two[Symbol.asyncDispose]();
    await reading;
  });

  it("apply changes made on any of them immediately", async () => {
    await using two = await start();
    const mine = (await endpointsOf((await nodeIds())[0]!))[0]!;
    await settled(2);
    const first = await publish(two);
    await eventually(() => everywhere(first));
    // The change is made on the other node and on both, whichever has the lane.
    for (const [node, other] of [
      [one, two],
      [two, one],
    ] as const) {
      await call(node, "POST", `app/app/endpoint/ep${mine}/pause`);
      await eventually(async () => {
        const { state } = await call(other, "GET", `app/app/endpoint/ep${mine}/state`);
        expect(state).toBe("paused");
      });
      const held = await publish(other);
      await eventually(() => expect(received((mine + 1) % ENDPOINTS)).toContain(held));
      expect(received(mine)).not.toContain(held);
      await call(other, "POST", `app/app/endpoint/ep${mine}/resume`);
      await eventually(() => expect(received(mine)).toContain(held));
    }
    const { token, id } = (await call(one, "POST", "auth/api-key", { name: "short-lived" })) as {
      token: string;
      id: string;
    };
    const visitor = new Tenant(two, token);
    expect((await visitor.call("GET", "app")).status).toBe(200);
    await call(one, "DELETE", `auth/api-key/${id}`);
    await eventually(async () => expect((await visitor.call("GET", "app")).status).toBe(401), BEFORE_RESCAN);
    noneTwice();
  });

  it("report the state of an endpoint, whichever of them has its lane", async () => {
    await using two = await start();
    await settled(2);
    // One of them at each node.
    const numbers: number[] = [];
    for (const id of await nodeIds()) numbers.push((await endpointsOf(id))[0]!);
    const retry = { backoff: { type: "schedule", delays: [1], jitter: 0 } };
    const breaker = { failures: 2, windowSeconds: 1, probeSeconds: 3600, maxProbeSeconds: 3600 };
    receiver.respondWith(({ path }) => (numbers.includes(Number(path.slice(1))) ? 500 : 204));
    for (const number of numbers) {
      await call(one, "PATCH", `app/app/endpoint/ep${number}/policy`, { breaker, retry });
    }
    await publish(one);
    const stateAt = async (node: TestNode, number: number): Promise<unknown> => {
      const { state, reason, failing, nextProbeAt } = await call(node, "GET", `app/app/endpoint/ep${number}/state`);
      return {
        state,
        reason,
        failing: (failing as { failures: number } | null)?.failures,
        probes: nextProbeAt !== null,
      };
    };
    for (const number of numbers) {
      for (const node of [one, two]) {
        await eventually(async () =>
          expect(await stateAt(node, number)).toEqual({ state: "open", reason: "failures", failing: 2, probes: true }),
        );
      }
    }
    // Deliveries on hold, their reasons, and failing endpoints: every node reports the same, for all lanes.
    const message = await publish(one);
    const all = (line: (number: number) => string): Set<string> => new Set(numbers.map((number) => line(number)));
    const rowsAt = async (node: TestNode, path: string): Promise<readonly Record<string, unknown>[]> =>
      (await call(node, "GET", path))["data"] as Record<string, unknown>[];
    const pathIn = ({ url }: Record<string, unknown>): string => new URL(String(url)).pathname;
    for (const node of [one, two]) {
      await eventually(async () => {
        const [found] = await rowsAt(node, `message?app_id=app&message_id=${message}&state=held`);
        expect(found).toMatchObject({ id: message, deliveries: { held: 2, succeeded: 10 } });
        const deliveries = await rowsAt(node, `app/app/msg/${message}/delivery?limit=100`);
        const held = deliveries.filter(({ state }) => state === "held");
        const reasons = held.map(({ endpointUid, heldReason }) => `${String(endpointUid)} ${String(heldReason)}`);
        expect(new Set(reasons)).toEqual(all((number) => `ep${number} endpoint_failing`));
        const now = (await call(node, "GET", "stats/now")) as {
          waiting: Record<"due" | "held", number>;
          endpoints: { needingAttention: Record<string, unknown>[] };
        };
        expect(now.waiting.held).toBe(now.waiting.due);
        const problems = now.endpoints.needingAttention.map(
          (row) => `${pathIn(row)} ${String(row["problem"])} ${String(row["failures"])}`,
        );
        expect(new Set(problems)).toEqual(all((number) => `/${number} failing 2`));
        const failing = (await rowsAt(node, "issue?app_id=app")).filter((row) => row["failing"] === true);
        expect(new Set(failing.map(pathIn))).toEqual(all((number) => `/${number}`));
      });
    }
    receiver.respondWith(204);
    for (const number of numbers) {
      await call(one, "PATCH", `app/app/endpoint/ep${number}/policy`, { breaker: null, retry: null });
      await call(one, "POST", `app/app/endpoint/ep${number}/try-now`);
    }
    await eventually(() => everywhere(message));
  });

  it("are ready exactly as long as they can accept messages", async () => {
    const status = async (path: string): Promise<number> => (await fetch(`${one.url}${path}`)).status;
    const tryToPublish = () => new Tenant(one).call("POST", "app/app/msg", { eventType: "a", payload: {} });
    // It cannot renew its lease, although the database responds.
    await client.query("BEGIN; SELECT id FROM posthorn.node FOR UPDATE");
    await eventually(async () => expect(await status("/health/ready")).toBe(503), TAKE_OVER_TIMEOUT);
    expect((await tryToPublish()).status).toBe(503);
    expect(await status("/health")).toBe(503);
    expect(await status("/health/live")).toBe(204);
    await client.query("ROLLBACK");
    await eventually(async () => expect(await status("/health/ready")).toBe(204), TAKE_OVER_TIMEOUT);
    const { status: accepted, json } = await tryToPublish();
    expect(accepted).toBe(202);
    expect(await status("/health")).toBe(204);
    await eventually(() => everywhere(String(json["id"])), TAKE_OVER_TIMEOUT);
    await settled(1);
  });

  it("hand over their shards when they are stopped, without repetitions and in order", async () => {
    await call(one, "PATCH", "app/app/policy", { order: { by: "key" } });
    receiver.respondWith({ status: 204, delayMs: 20 });
    const two = await start();
    await settled(2);
    const ids: string[] = [];
    for (let n = 0; n < 30; n++) {
      ids.push(await publish(one, { orderingKey: "k" }));
      // In the middle, with attempts in flight.
      if (n === 15) await two[Symbol.asyncDispose]();
    }
    await eventually(() => everywhere(ids.at(-1)!), TAKE_OVER_TIMEOUT);
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) expect(received(endpoint)).toEqual(ids);
    await call(one, "PATCH", "app/app/policy", { order: { by: "none" } });
  });

  it("take over from one that was killed, and lose no message that it had accepted", async () => {
    await using two = await startProcess();
    await settled(2);
    const ids = [await publish(asNode(two)), await publish(asNode(two))];
    await two.kill();
    ids.push(await publish(one));
    await eventually(() => ids.forEach(everywhere), TAKE_OVER_TIMEOUT);
    expect(await settled(1)).toBeGreaterThan(0);
  });

  describe("are replaced by a process on the same machine", () => {
    /** Keeps the lease of a node from expiring during the test, and returns the fences of its shards. */
    const pinned = async (id: number): Promise<readonly object[]> => {
      await client.query("UPDATE posthorn.node SET leased_until = leased_until + 600000 WHERE id = $1", [id]);
      return fencesOf(id);
    };
    const fencesOf = async (id: number): Promise<readonly object[]> =>
      (await client.query("SELECT id, fence FROM posthorn.shard WHERE node_id = $1 ORDER BY id", [id])).rows;

    it("at once when they were killed: only their shards are taken over before their lease expires", async () => {
      await using two = await startProcess();
      const killed = await settled(2);
      await two.kill();
      const shards = await pinned(killed);
      const living = (await nodeIds()).find((id) => id !== killed);
      const others = await fencesOf(living!);
      await using three = await startProcess();
      const replacing = await settled(2);
      expect((await fencesOf(replacing)).length).toBe(shards.length);
      expect(await fencesOf(living!)).toEqual(others);
      const id = await publish(asNode(three));
      await eventually(() => everywhere(id), TAKE_OVER_TIMEOUT);
    });

    it("but not while they exist, even if they are frozen", async () => {
      await using two = await startProcess();
      const frozen = await settled(2);
      process.kill(two.pid, "SIGSTOP");
      try {
        const shards = await pinned(frozen);
        expect(shards.length).toBeGreaterThan(0);
        await using three = await startProcess();
        await eventually(async () => {
          const ids = await nodeIds();
          expect(ids).toHaveLength(3);
          expect((await fencesOf(ids.at(-1)!)).length).toBeGreaterThan(0);
        }, TAKE_OVER_TIMEOUT);
        expect(await publish(asNode(three))).toMatch(/^msg_/);
        expect(await fencesOf(frozen)).toEqual(shards);
      } finally {
        process.kill(two.pid, "SIGCONT");
      }
    });
  });

  it("record nothing for one that was frozen while its shards went to others", async () => {
    await using two = await startProcess();
    const zombie = await settled(2);
    const [slow] = await endpointsOf(zombie);
    const response = Promise.withResolvers<ReceiverResponse>();
    let asked = 0;
    // The frozen node gets a success when it is too late; the other node sees a failure.
    receiver.respondWith(({ path }) => (path !== `/${slow}` ? 204 : asked++ === 0 ? response.promise : 500));
    const id = await publish(one);
    await eventually(() => expect(asked).toBe(1));
    process.kill(two.pid, "SIGSTOP");
    await eventually(() => expect(asked).toBe(2), TAKE_OVER_TIMEOUT);
    const attemptsOf = async (): Promise<unknown> => {
      const { rows } = await client.query(
        "SELECT response_code AS code FROM posthorn.attempt WHERE message_id = $1 AND endpoint_id = $2",
        [keyOfId("msg_", id), keyOfId("ep_", endpoints[slow!]!)],
      );
      return rows.map(({ code }) => Number(code));
    };
    await eventually(async () => expect(await attemptsOf()).toEqual([500]));
    process.kill(two.pid, "SIGCONT");
    response.resolve(204);
    // It joins again and gets its share of shards. By then, it has tried to record its outcomes.
    expect(await settled(2)).toBeGreaterThan(zombie);
    const after = await publish(asNode(two));
    await eventually(() => everywhere(after), TAKE_OVER_TIMEOUT);
    expect(await attemptsOf()).toEqual([500]);
    const { rows } = await client.query(
      "SELECT state, attempts FROM posthorn.delivery WHERE message_id = $1 AND endpoint_id = $2",
      [keyOfId("msg_", id), keyOfId("ep_", endpoints[slow!]!)],
    );
    expect(rows.map(({ state, attempts }) => [Number(state), Number(attempts)])).toEqual([[0, 1]]);
  });
});
