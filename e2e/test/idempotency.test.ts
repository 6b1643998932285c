/** A POST that is sent again has its effect once. */
import { uid } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import type { Result } from "../lib/api.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
let app: string;

beforeAll(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Once" })).json.id;
});

const keyed = (key: string): { headers: Record<string, string> } => ({ headers: { "idempotency-key": key } });

const publish = (key: string, payload: object = {}, path = `/api/v1/app/${app}/msg`): Promise<Result> =>
  world.api.post(path, { eventType: "a", payload }, keyed(key));

const countMessages = async (): Promise<number> =>
  (await world.api.get(`/api/v1/app/${app}/msg?limit=250`)).json.data.length;

describe.each([
  ["a key of a client library", () => `auto_${uid()}`],
  ["a key of the caller", () => uid()],
])("with %s", (_title, newKey) => {
  test("a message is stored once and returned again", async () => {
    const key = newKey();
    const before = await countMessages();
    const first = await publish(key);
    const second = await publish(key);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.text).toBe(first.text);
    expect(await countMessages()).toBe(before + 1);
  });

  test("a different body with the same key gets the first response", async () => {
    const key = newKey();
    const first = await publish(key, { first: true });
    const second = await publish(key, { first: false });
    expect(second.json).toEqual(first.json);
  });

  test("twenty concurrent requests create one message with one response", async () => {
    const key = newKey();
    const before = await countMessages();
    const responses = await Promise.all(Array.from({ length: 20 }, () => publish(key)));
    expect(new Set(responses.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
    expect(await countMessages()).toBe(before + 1);
  });
});

test("the same key with another token is another request", async () => {
  const key = uid();
  const create = (token: string): Promise<Result> =>
    world.api.as(token).post("/api/v1/app", { name: "Mine" }, keyed(key));
  const first = await create(world.server.token);
  const second = await create(world.server.tokenOf(world.server.organisation, { another: true }));
  expect(second.json.id).not.toBe(first.json.id);
});

test("the same key at another URL is another request", async () => {
  const key = uid();
  const first = await publish(key);
  const second = await publish(key, {}, `/api/v1/app/${app}/msg?with_content=true`);
  expect(second.json.id).not.toBe(first.json.id);
});

test("a failure is not stored: the same key works once the cause is gone", async () => {
  const key = uid();
  const body = { url: world.receiver.url, eventTypes: [uid("late")] };
  const create = (): Promise<Result> => world.api.post(`/api/v1/app/${app}/endpoint`, body, keyed(key));
  expect((await create()).status).toBe(422);
  await world.api.post("/api/v1/event-type", { name: body.eventTypes[0], description: "" });
  expect((await create()).status).toBe(201);
});

test("a key keeps its response across a restart of the server", async () => {
  const key = uid();
  const first = await publish(key);
  await world.restart();
  expect((await publish(key)).json).toEqual(first.json);
});

describe("every POST accepts a key", () => {
  const create = async (path: string, body: unknown): Promise<[Result, Result]> => {
    const key = `auto_${uid()}`;
    const first = await world.api.post(path, body, keyed(key));
    expect(first.status).toBeLessThan(300);
    return [first, await world.api.post(path, body, keyed(key))];
  };

  test.each<[string, () => Promise<[string, unknown]>]>([
    ["an application", async () => ["/api/v1/app", { name: "A", uid: uid() }]],
    ["an endpoint", async () => [`/api/v1/app/${app}/endpoint`, { url: world.receiver.url, uid: uid() }]],
    ["an event type", async () => ["/api/v1/event-type", { name: uid("type"), description: "" }]],
    ["an API key", async () => ["/api/v1/auth/api-key", { name: "Key" }]],
    ["portal access", async () => [`/api/v1/auth/app-portal-access/${app}`, {}]],
    ["a rotation", async () => [`/api/v1/app/${app}/endpoint/${await newEndpoint()}/secret/rotate`, {}]],
    ["a recovery", async () => [`/api/v1/app/${app}/endpoint/${await newEndpoint()}/recover`, { since: new Date() }]],
    [
      "a replay",
      async () => [`/api/v1/app/${app}/endpoint/${await newEndpoint()}/replay-missing`, { since: new Date() }],
    ],
    [
      "an example",
      async () => [`/api/v1/app/${app}/endpoint/${await newEndpoint()}/send-example`, { eventType: "posthorn.ping" }],
    ],
    ["a message", async () => [`/api/v1/app/${app}/msg`, { eventType: "a", payload: {}, eventId: uid() }]],
  ])("%s is created once", async (_title, request) => {
    const [first, second] = await create(...(await request()));
    expect([second.status, second.text]).toEqual([first.status, first.text]);
  });

  test("ten concurrent requests create one application", async () => {
    const key = `auto_${uid()}`;
    const body = { name: "At once", uid: uid() };
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => world.api.post("/api/v1/app", body, keyed(key))),
    );
    expect(new Set(responses.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(responses[0]!.status).toBe(201);
  });

  test("a secret is rotated once", async () => {
    const endpoint = await newEndpoint();
    const path = `/api/v1/app/${app}/endpoint/${endpoint}/secret`;
    const key = `auto_${uid()}`;
    await world.api.post(`${path}/rotate`, {}, keyed(key));
    const first = (await world.api.get(path)).json.key;
    await world.api.post(`${path}/rotate`, {}, keyed(key));
    expect((await world.api.get(path)).json.key).toBe(first);
  });

  test("a resend makes one attempt", async () => {
    const { json } = await world.api.post("/api/v1/app", { name: "Resent" });
    const endpoint = (await world.api.post(`/api/v1/app/${json.id}/endpoint`, { url: `${world.receiver.url}/resent` }))
      .json;
    const message = (await world.api.post(`/api/v1/app/${json.id}/msg`, { eventType: "a", payload: {} })).json;
    const path = `/api/v1/app/${json.id}/msg/${message.id}/endpoint/${endpoint.id}/resend`;
    await world.receiver.waitFor((request) => request.headers["webhook-id"] === message.id);
    const key = `auto_${uid()}`;
    const statuses = await Promise.all(
      [1, 2, 3].map(async () => (await world.api.post(path, undefined, keyed(key))).status),
    );
    expect(statuses).toEqual([202, 202, 202]);
    // The second message is sent after the resends of the first, to the same receiver.
    const last = (await world.api.post(`/api/v1/app/${json.id}/msg`, { eventType: "a", payload: {} })).json;
    await world.receiver.waitFor((request) => request.headers["webhook-id"] === last.id);
    const attempts = await world.api.get(`/api/v1/app/${json.id}/attempt/msg/${message.id}`);
    expect(attempts.json.data.map(({ triggerType }: { triggerType: number }) => triggerType)).toEqual([1, 0]);
  });
});

async function newEndpoint(): Promise<string> {
  return (await world.api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url })).json.id;
}
