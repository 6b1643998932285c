/** Receivers that register themselves with a token: the classes of the official package, unchanged. */
import { eventually } from "@posthorn/testkit";
import { AutoConfig, AutoConfigConsumer } from "svix";
import { beforeEach, describe, expect, test } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
let app: string;
let subscription: { readonly id: string; readonly token: string };

beforeEach(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Pulled" })).json.id as string;
  subscription = (await world.api.post(`/api/v1/app/${app}/autoconfig`, {})).json;
});

async function publish(eventType: string, payload: object): Promise<string> {
  return (await world.api.post(`/api/v1/app/${app}/msg`, { eventType, payload })).json.id as string;
}

/** The API token inside the token of a subscription. */
function apiToken(): string {
  const content = Buffer.from(subscription.token.replace("auto_v2_", ""), "base64").toString();
  return (JSON.parse(content) as { readonly tok: string }).tok;
}

async function as(token: string, method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${world.server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.text();
  return response.status;
}

type Message = Awaited<ReturnType<AutoConfigConsumer["receive"]>>["data"][number];

async function receive(consumer: AutoConfigConsumer, name: string, wanted: number): Promise<Message[]> {
  const messages: Message[] = [];
  return eventually(async () => {
    messages.push(...(await consumer.receive(name, { limit: 10, leaseDurationMs: 60_000 })).data);
    expect(messages.length).toBeGreaterThanOrEqual(wanted);
    return messages;
  });
}

describe("AutoConfigConsumer", () => {
  test("subscribes, receives what was published since, and does not receive again what it committed", async () => {
    const consumer = new AutoConfigConsumer(subscription.token, {});
    const destination = await consumer.subscribe();
    expect(destination).toMatchObject({ type: "pollingEndpoint", status: "enabled" });
    const ids = [
      await publish("a.one", { n: 1 }),
      await publish("a.two", { n: 2 }),
      await publish("a.three", { n: 3 }),
    ];
    const messages = await receive(consumer, "worker", 3);
    expect(messages.map(({ id }) => id)).toEqual(ids);
    expect(messages[1]).toMatchObject({ eventType: "a.two", payload: { n: 2 } });
    await consumer.commit("worker", messages.at(-1)!.offset);
    expect((await consumer.receive("worker")).data).toEqual([]);
    // A consumer with another name has its own position, also in another process, which has only the token.
    const other = new AutoConfigConsumer(subscription.token, {});
    expect((await receive(other, "audit", 3)).map(({ id }) => id)).toEqual(ids);
  });

  test("gets a delivery that succeeded without an attempt", async () => {
    const { id } = await new AutoConfigConsumer(subscription.token, {}).subscribe();
    const message = await publish("a.one", { n: 1 });
    const { json } = await world.api.get(`/api/v1/app/${app}/msg/${message}/delivery`);
    expect(json.data).toMatchObject([{ endpointId: id, status: 0, lastAttempt: null }]);
  });

  test("keeps one endpoint however often it subscribes", async () => {
    const first = await new AutoConfigConsumer(subscription.token, {}).subscribe();
    const again = await new AutoConfigConsumer(subscription.token, { channels: ["eu"] }).subscribe();
    expect(again.id).toBe(first.id);
    expect((await world.api.get(`/api/v1/app/${app}/endpoint`)).json.data).toHaveLength(1);
  });
});

describe("AutoConfig", () => {
  test("registers its URL, and verifies what it receives there", async () => {
    const url = `${world.receiver.url}/${app}`;
    const receiver = new AutoConfig(subscription.token, { url });
    await receiver.subscribe();
    const id = await publish("a.one", { n: 1 });
    const delivery = await world.receiver.waitFor(({ headers }) => headers["webhook-id"] === id);
    expect(() => receiver.verify(delivery.body, delivery.headers)).not.toThrow();
    const stranger = new AutoConfig((await world.api.post(`/api/v1/app/${app}/autoconfig`, {})).json.token, { url });
    expect(() => stranger.verify(delivery.body, delivery.headers)).toThrow("No matching signature");
  });
});

describe("the token of a subscription", () => {
  test("can do nothing else", async () => {
    const token = apiToken();
    await new AutoConfigConsumer(subscription.token, {}).subscribe();
    const other = (await world.api.post(`/api/v1/app/${app}/endpoint`, { url: "https://example.com/" })).json
      .id as string;
    const mine = `/app/${app}/autoconfig/${subscription.id}`;
    expect(await as(token, "GET", mine)).toBe(200);
    for (const [method, path] of [
      ["GET", `/app/${app}`],
      ["GET", `/app/${app}/msg`],
      ["GET", `/app/${app}/endpoint/${other}`],
      ["POST", `/app/${app}/msg`],
      ["POST", `/app/${app}/autoconfig`],
      ["POST", `${mine}/rotate`],
      ["DELETE", mine],
      ["GET", `/app/${app}/feed`],
      ["GET", "/live"],
    ] as const) {
      expect([method, path, await as(token, method, path, method === "POST" ? {} : undefined)]).toEqual([
        method,
        path,
        403,
      ]);
    }
    expect(await as(token, "GET", `/app/${app}/endpoint/${other}/feed`)).toBe(404);
  });

  test("is replaced by a rotation, and ends when it is revoked", async () => {
    const consumer = new AutoConfigConsumer(subscription.token, {});
    await consumer.subscribe();
    const path = `/app/${app}/autoconfig/${subscription.id}`;
    const rotated = (await world.api.post(`/api/v1${path}/rotate`, { signingSecret: { gracePeriodSeconds: 0 } })).json;
    await expect(consumer.receive("worker")).rejects.toMatchObject({ code: 401 });
    const renewed = new AutoConfigConsumer(rotated.token, {});
    expect((await renewed.receive("worker")).data).toEqual([]);
    await world.api.delete(`/api/v1${path}`);
    await expect(renewed.receive("worker")).rejects.toMatchObject({ code: 401 });
  });
});

describe("the token of a polling endpoint", () => {
  test("reads its feed only, and can be rotated", async () => {
    const endpoint = (await world.api.post(`/api/v1/app/${app}/endpoint`, { kind: "polling" })).json.id as string;
    const other = (await world.api.post(`/api/v1/app/${app}/endpoint`, { kind: "polling" })).json.id as string;
    const path = `/auth/app/${app}/poller/${endpoint}/token`;
    const { token } = (await world.api.get(`/api/v1${path}`)).json;
    expect(token).toMatch(/^sk_poll_/);
    expect((await world.api.get(`/api/v1${path}`)).json.token).toBe(token);
    expect(await as(token, "GET", `/app/${app}/poller/${endpoint}`)).toBe(200);
    expect(await as(token, "GET", `/app/${app}/poller/${other}`)).toBe(404);
    expect(
      await as(token, "PUT", `/app/${app}/autoconfig/${subscription.id}/endpoint`, { url: "https://example.com/" }),
    ).toBe(403);
    const next = (await world.api.post(`/api/v1${path}/rotate`, { oldTokenExpiry: 0 })).json.token as string;
    expect(await as(token, "GET", `/app/${app}/poller/${endpoint}`)).toBe(401);
    expect(await as(next, "GET", `/app/${app}/poller/${endpoint}`)).toBe(200);
  });

  test("ends with those in their grace period when it is revoked, and another one can be created", async () => {
    const endpoint = (await world.api.post(`/api/v1/app/${app}/endpoint`, { kind: "polling" })).json.id as string;
    const path = `/api/v1/auth/app/${app}/poller/${endpoint}/token`;
    const earlier = (await world.api.get(path)).json.token as string;
    const current = (await world.api.post(`${path}/rotate`, {})).json.token as string;
    expect(await as(earlier, "GET", `/app/${app}/poller/${endpoint}`)).toBe(200);
    expect((await world.api.delete(path)).status).toBe(204);
    for (const token of [earlier, current]) expect(await as(token, "GET", `/app/${app}/poller/${endpoint}`)).toBe(401);
    const next = (await world.api.get(path)).json.token as string;
    expect(await as(next, "GET", `/app/${app}/poller/${endpoint}`)).toBe(200);
  });
});

describe("the list of subscriptions", () => {
  test("has those of the application, newest first, page by page, without their tokens", async () => {
    const own = (await world.api.post("/api/v1/app", { name: "Own" })).json.id as string;
    const path = `/api/v1/app/${own}/autoconfig`;
    const created: { readonly id: string; readonly token: string }[] = [];
    for (let count = 0; count < 3; count++) created.unshift((await world.api.post(path)).json as never);
    const first = (await world.api.get(`${path}?limit=2`)).json;
    const second = (await world.api.get(`${path}?limit=2&iterator=${first.iterator as string}`)).json;
    const rows = [...(first.data as { id: string }[]), ...(second.data as { id: string }[])];
    expect(rows.map(({ id }) => id)).toEqual(created.map(({ id }) => id));
    expect(second.done).toBe(true);
    expect(rows[0]).toMatchObject({ status: "pending", endpId: null, destId: null });
    const { tok } = JSON.parse(Buffer.from(created[0]!.token.slice("auto_v2_".length), "base64").toString()) as {
      readonly tok: string;
    };
    expect(JSON.stringify(rows)).not.toContain(tok);
    expect((rows[0] as unknown as { tokenCensored: string }).tokenCensored).toBe(`sk_auto_…${tok.slice(-4)}`);
  });
});
