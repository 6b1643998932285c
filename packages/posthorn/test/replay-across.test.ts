import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seedFailures, type SeededEndpoint } from "./support/failed-deliveries.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const since = new Date(Date.now() - 3_600_000).toISOString();

interface Replay {
  readonly id: string;
  readonly status: string;
  readonly progress: { readonly sent: number; readonly matched: number; readonly percent: number };
}

let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let node: TestNode;
let tenant: Tenant;

beforeEach(async () => {
  folder = temporaryFolder();
  receiver = await startReceiver();
  await start();
  // Creates the organisation.
  await tenant.call("GET", "app");
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function start(): Promise<void> {
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://ingest.test" } });
  tenant = new Tenant(node);
}

async function restart(): Promise<void> {
  await node[Symbol.asyncDispose]();
  await start();
}

async function post(path: string, body?: object): Promise<Replay> {
  const { status, json } = await tenant.call("POST", path, body);
  expect([200, 202]).toContain(status);
  return json as unknown as Replay;
}

/** From the list, which is cheaper than the replay with the progress of each of its endpoints. */
async function progressOf(id: string): Promise<Replay> {
  const { json } = await tenant.call("GET", "replay?limit=1");
  const [newest] = json["data"] as readonly Replay[];
  expect(newest).toMatchObject({ id, appId: null });
  return newest!;
}

function until(id: string, isReached: (replay: Replay) => boolean): Promise<Replay> {
  return eventually(async () => {
    const replay = await progressOf(id);
    if (!isReached(replay)) throw new Error(`${replay.status}: ${replay.progress.sent} sent`);
    return replay;
  });
}

function received(): ReadonlySet<string> {
  return new Set(receiver.requests.map(({ headers }) => headers["webhook-id"]!));
}

async function allReceived(seeded: readonly SeededEndpoint[]): Promise<void> {
  await eventually(() => {
    if (received().size < seeded.length) throw new Error(`${received().size} of ${seeded.length}`);
  });
  expect([...received()].toSorted()).toEqual(seeded.map(({ messageId }) => messageId).toSorted());
}

/** On PostgreSQL, a run of the nightly tests has as many. */
const COUNT = onPostgres && process.env["POSTHORN_TEST_ALL_SEEDS"] === undefined ? 200 : 1000;
/** Number of messages for which a replay takes long enough to be paused, even on a slow machine. */
const PER_SECOND = COUNT / 8;

describe("a replay across 1,000 applications", () => {
  it("sends every failed delivery once, although it is paused and the server restarts, paused and running", async () => {
    const seeded = await seedFailures(node.services, { count: COUNT, url: () => `${receiver.url}/hook` });
    const query = { since, hosts: [new URL(receiver.url).host], causes: ["503"] };
    const { json: plan } = await tenant.call("POST", "replay/dry-run", query);
    expect(plan).toMatchObject({ toSend: COUNT, matched: COUNT, applications: COUNT, endpoints: COUNT, exact: true });
    expect(received().size).toBe(0);

    const { id } = await post("replay", { ...query, ratePerSecond: PER_SECOND, reason: "a test" });
    await until(id, ({ progress }) => progress.sent >= 20);
    const paused = await post(`replay/${id}/pause`);
    expect(paused.status).toBe("paused");
    await restart();
    // A replay that had continued would have counted more by now.
    expect((await progressOf(id)).progress.sent).toBe(paused.progress.sent);
    expect(paused.progress.sent).toBeLessThan(COUNT);

    await post(`replay/${id}/resume`);
    await until(id, ({ progress }) => progress.sent > paused.progress.sent);
    await restart();
    const ended = await until(id, ({ status }) => status === "finished");
    const { json: detail } = await tenant.call("GET", `replay/${id}`);
    expect((detail["endpoints"] as readonly object[])[0]).toMatchObject({ sent: 1, matched: 1, done: true });
    expect(ended.progress).toMatchObject({ sent: COUNT, matched: COUNT, percent: 100 });
    await allReceived(seeded);
    expect(receiver.requests).toHaveLength(COUNT);
  });

  it("stops when it is canceled in the middle: after a restart, nothing more is sent", async () => {
    await seedFailures(node.services, { count: COUNT, url: () => `${receiver.url}/hook` });
    const { id } = await post("replay", { since, ratePerSecond: PER_SECOND });
    await until(id, ({ progress }) => progress.sent >= 20);
    const { progress } = await post(`replay/${id}/cancel`);
    expect(progress.sent).toBeLessThan(COUNT);
    await restart();
    // Deliveries that were already queued are still sent.
    await eventually(() => expect(received().size).toBe(progress.sent));
    expect(await progressOf(id)).toMatchObject({ status: "canceled", progress: { sent: progress.sent } });
    expect((await tenant.call("POST", `replay/${id}/resume`)).status).toBe(409);
    const { json: plan } = await tenant.call("POST", "replay/dry-run", { since });
    expect(plan).toMatchObject({ toSend: COUNT - progress.sent, skipped: { otherStatus: { success: progress.sent } } });
    expect(received().size).toBe(progress.sent);
  });
});

describe("a replay of named messages", () => {
  it("sends and counts only these", async () => {
    const seeded = await seedFailures(node.services, { count: 5, url: () => `${receiver.url}/hook` });
    const messages = [seeded[1]!.messageId, seeded[3]!.messageId];
    const { json: plan } = await tenant.call("POST", "replay/dry-run", { since, messages });
    expect(plan).toMatchObject({ toSend: 2, matched: 2, scanned: 2, applications: 2, endpoints: 2 });
    const { id } = await post("replay", { since, messages });
    const ended = await until(id, ({ status }) => status === "finished");
    expect(ended.progress).toMatchObject({ sent: 2, scanned: 2 });
    expect((await tenant.call("GET", `replay/${id}`)).json["parameters"]).toMatchObject({ messages });
    await eventually(() => expect([...received().keys()].toSorted()).toEqual(messages.toSorted()));
    expect(received().size).toBe(2);
  });

  it("of one application rejects those of another, and unknown ones", async () => {
    const [one, other] = await seedFailures(node.services, { count: 2, url: () => `${receiver.url}/hook` });
    const path = `app/${one!.appId}/replay/dry-run`;
    const named = (messages: readonly string[]) => tenant.call("POST", path, { since, messages });
    expect((await named([one!.messageId])).json).toMatchObject({ toSend: 1, endpoints: [{ scanned: 1 }] });
    const refused = await named([one!.messageId, other!.messageId]);
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining(other!.messageId)]);
    expect((await tenant.call("POST", "replay/dry-run", { since, messages: ["missing"] })).status).toBe(422);
  });
});

describe("a dry run across applications", () => {
  it("lists the endpoints, and the reason for each omitted message", async () => {
    const hosts = ["https://one.test/a", "https://two.test/b"];
    const seeded = await seedFailures(node.services, {
      count: 8,
      url: (index) => hosts[index % 2]!,
      status: (index) => (index === 7 ? 500 : 503),
      disabled: (index) => index === 6,
    });
    const { store } = node.services;
    await store.transaction(async ({ db }) => {
      const of = (index: number) => seeded[index]!.messageKey;
      await db.updateTable("message").set({ payload: null }).where("id", "=", of(0)).execute();
      await db.updateTable("delivery").set({ state: 1 }).where("message_id", "=", of(2)).execute();
      await db.updateTable("delivery").set({ state: 3 }).where("message_id", "=", of(4)).execute();
    });
    const { json } = await tenant.call("POST", "replay/dry-run", { since, causes: ["503"] });
    expect(json).toMatchObject({
      toSend: 3,
      matched: 5,
      skipped: {
        payloadGone: 1,
        alreadyDue: 0,
        endpointDisabled: 1,
        otherStatus: { success: 1, canceled: 1, fail: 0 },
      },
    });
    const parts = json["parts"] as readonly Record<string, unknown>[];
    const urls = parts.map(({ url }) => String(url)).toSorted((one, other) => one.localeCompare(other));
    expect(urls).toEqual(Array.from({ length: 7 }, (_, index) => hosts[index < 4 ? 0 : 1]));
    expect(parts.find(({ endpointId }) => endpointId === seeded[6]!.endpointId)).toMatchObject({
      disabled: true,
      appId: seeded[6]!.appId,
      appName: "Application 6",
    });
  });

  it("covers only the applications, hosts and event types that are named", async () => {
    const seeded = await seedFailures(node.services, {
      count: 4,
      url: (index) => (index === 0 ? "https://one.test/" : "https://Two.test:8443/"),
    });
    const toSend = async (query: object): Promise<unknown> =>
      (await tenant.call("POST", "replay/dry-run", { since, ...query })).json["toSend"];
    expect(await toSend({ hosts: ["two.test:8443"] })).toBe(3);
    expect(await toSend({ hosts: ["TWO.test:8443"], apps: [seeded[1]!.appId] })).toBe(1);
    expect(await toSend({ hosts: ["two.test"] })).toBe(0);
    expect(await toSend({ eventTypes: ["another.event"] })).toBe(0);
    expect(await toSend({ statuses: ["success"] })).toBe(0);
    expect(
      await toSend({
        since: new Date(Date.now() + 1000).toISOString(),
        until: new Date(Date.now() + 2000).toISOString(),
      }),
    ).toBe(0);
    const unknown = await tenant.call("POST", "replay/dry-run", { since, apps: ["missing"] });
    expect(unknown.status).toBe(422);
  });

  it("does not include other organisations", async () => {
    await seedFailures(node.services, { count: 2, url: () => "https://one.test/" });
    const other = new Tenant(node, await node.tokenOf("org_0000000000000000000000other"));
    expect((await other.call("POST", "replay/dry-run", { since })).json).toMatchObject({ toSend: 0, parts: [] });
    const { id } = await post("replay", { since });
    expect((await other.call("GET", `replay/${id}`)).status).toBe(404);
    expect((await other.call("POST", `replay/${id}/cancel`)).status).toBe(404);
  });
});
