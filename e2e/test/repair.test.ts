/** Inspecting and repairing: lists of attempts, resend, recover, replay, examples, statistics, and deleting content. */
import { eventTypeName, eventually, organisationId, SEVERAL_ORGANISATIONS } from "@posthorn/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import type { Result } from "../lib/api.ts";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const HOUR = 3_600_000;

const world = useWorld({ env: { ...SEVERAL_ORGANISATIONS, POSTHORN_RETRY_SCHEDULE: "0.1" } });
let tenant: Tenant;
let endpoint: TenantEndpoint;

beforeEach(async () => {
  world.receiver.respondWith(204);
  tenant = await Tenant.create(world);
  endpoint = await tenant.endpoint();
});

interface Row {
  readonly id: string;
  readonly status: number;
  readonly statusText: string;
  readonly triggerType: number;
  readonly msgId: string;
  readonly nextAttempt?: string;
}

async function rows(path: string): Promise<Row[]> {
  const { status, json } = await tenant.get(path);
  expect(status).toBe(200);
  return json.data;
}

/** Publishes a message and waits until it has had this many attempts. */
async function published(count: number, fields: object = {}): Promise<string> {
  const message = await tenant.publish(fields);
  await attemptsOf(message, count);
  return message;
}

function attemptsOf(message: string, count: number): Promise<Row[]> {
  return eventually(async () => {
    const found = await rows(`/attempt/msg/${message}`);
    expect(found).toHaveLength(count);
    return found;
  });
}

const resend = (message: string, to = endpoint): Promise<Result> =>
  world.api.post(`${tenant.path}/msg/${message}/endpoint/${to.id}/resend`);

/** Starts a task and waits for its end. Returns the number of messages it sent. */
async function run(verb: "recover" | "replay-missing", window: object): Promise<number> {
  const { status, json } = await world.api.post(`${endpoint.path}/${verb}`, window);
  expect([status, json.status]).toEqual([202, "running"]);
  return eventually(async () => {
    const task = (await world.api.get(`/api/v1/background-task/${json.id}`)).json;
    expect([task.id, task.status]).toEqual([json.id, "finished"]);
    return task.data.messagesSent;
  });
}

describe("lists of attempts", () => {
  test("filter by the status of the attempt and the class of its status code", async () => {
    world.receiver.respondWith(404);
    const failed = await published(2);
    world.receiver.respondWith(200);
    const sent = await published(1);
    for (const path of [`/attempt/endpoint/${endpoint.id}`, `/attempt/msg/${failed}`]) {
      const both = path.includes("endpoint");
      expect((await rows(`${path}?status=0`)).map(({ msgId }) => msgId)).toEqual(both ? [sent] : []);
      expect((await rows(`${path}?status=2`)).map(({ msgId }) => msgId)).toEqual([failed, failed]);
      expect(await rows(`${path}?status_code_class=400`)).toHaveLength(2);
      expect(await rows(`${path}?status_code_class=200`)).toHaveLength(both ? 1 : 0);
      for (const query of ["status=1", "status=3", "status_code_class=0", "status_code_class=500", "event_types=b"]) {
        expect(await rows(`${path}?${query}`)).toEqual([]);
      }
    }
  });

  test("omit responses on request, and include messages on request", async () => {
    world.receiver.respondWith({ body: "thanks" });
    const message = await published(1);
    const path = `/attempt/endpoint/${endpoint.id}`;
    expect(await rows(path)).toEqual([expect.objectContaining({ response: "thanks" })]);
    expect(await rows(`${path}?with_content=false`)).toEqual([expect.objectContaining({ response: "{}" })]);
    const [withMessage] = await rows(`${path}?with_msg=true`);
    expect(withMessage).toMatchObject({ msg: { id: message, payload: { a: 1 } } });
    const [without] = await rows(`${path}?with_msg=true&with_content=false`);
    expect(without).toMatchObject({ msg: { id: message, payload: {} } });
  });

  test("of one message can be restricted to one endpoint", async () => {
    const second = await tenant.endpoint();
    const message = await published(2);
    const ids = async (query: string): Promise<unknown[]> =>
      (await tenant.get(`/attempt/msg/${message}${query}`)).json.data.map(
        (row: { endpointId: string }) => row.endpointId,
      );
    expect(new Set(await ids(""))).toEqual(new Set([endpoint.id, second.id]));
    expect(await ids(`?endpoint_id=${second.id}`)).toEqual([second.id]);
  });
});

describe("messages of an endpoint", () => {
  test("show the state of each: succeeded, retries exhausted, or waiting for a retry with its time", async () => {
    await world.restart({ POSTHORN_RETRY_SCHEDULE: "600" });
    const sent = await published(1);
    world.receiver.respondWith(500);
    const waiting = await published(1);
    const list = `/endpoint/${endpoint.id}/msg`;
    expect((await rows(`${list}?status=0`)).map(({ id }) => id)).toEqual([sent]);
    const [retry] = await rows(`${list}?status=3`);
    expect(retry).toMatchObject({ id: waiting, status: 3, statusText: "sending" });
    expect(Date.parse(retry!.nextAttempt!)).toBeGreaterThan(Date.now());
    await world.restart({ POSTHORN_RETRY_SCHEDULE: "" });
    const failed = await published(1);
    expect((await rows(`${list}?status=2`)).map(({ id }) => id)).toEqual([failed]);
    expect((await rows(list)).map(({ id, nextAttempt }) => [id, typeof nextAttempt])).toEqual([
      [failed, "undefined"],
      [waiting, "string"],
      [sent, "undefined"],
    ]);
    await world.restart({ POSTHORN_RETRY_SCHEDULE: "0.1" });
  });
});

describe("resending", () => {
  test("makes one manual attempt that is shown as such, also after a success", async () => {
    const message = await published(1);
    expect((await resend(message)).json).toEqual({});
    expect((await attemptsOf(message, 2)).map(({ triggerType }) => triggerType)).toEqual([1, 0]);
    expect(tenant.received(endpoint, message)).toHaveLength(2);
  });

  test("does not restart the schedule when it fails", async () => {
    world.receiver.respondWith(500);
    const message = await published(2);
    await resend(message);
    await attemptsOf(message, 3);
    // The message published now has both its attempts before a third attempt of the other one could arrive.
    await published(2);
    expect(await rows(`/attempt/msg/${message}`)).toHaveLength(3);
  });

  test("ignores the filters of the endpoint, and reaches an endpoint without a delivery of the message", async () => {
    const name = eventTypeName();
    await world.api.post("/api/v1/event-type", { name, description: "" });
    const picky = await tenant.endpoint({ eventTypes: [name], channels: ["red"] });
    const message = await published(1);
    expect((await resend(message, picky)).status).toBe(202);
    expect((await tenant.delivery(picky, message)).body.toString()).toBe('{"a":1}');
  });

  test("to a disabled endpoint is rejected with a reason", async () => {
    const message = await published(1);
    await world.api.patch(endpoint.path, { disabled: true });
    const { status, json } = await resend(message);
    expect([status, json.code]).toEqual([400, "endpoint_disabled"]);
  });

  test("changes the status of a message that had failed", async () => {
    world.receiver.respondWith(500);
    const message = await published(2);
    expect((await rows(`/msg/${message}/endpoint`))[0]!.status).toBe(2);
    world.receiver.respondWith(200);
    await resend(message);
    await attemptsOf(message, 3);
    expect((await rows(`/msg/${message}/endpoint`))[0]!.status).toBe(0);
  });
});

describe("recovering", () => {
  test("sends only messages that failed in the time range, as manual attempts", async () => {
    const before = new Date(Date.now() - HOUR);
    const sent = await published(1);
    world.receiver.respondWith(500);
    const failed = [await published(2), await published(2)];
    world.receiver.respondWith(200);
    expect(await run("recover", { since: before })).toBe(2);
    for (const message of failed)
      expect((await attemptsOf(message, 3))[0]).toMatchObject({ triggerType: 1, status: 0 });
    expect(await rows(`/attempt/msg/${sent}`)).toHaveLength(1);
    expect(await run("recover", { since: before })).toBe(0);
  });

  test("respects the time range", async () => {
    world.receiver.respondWith(500);
    await published(2);
    const past = { since: new Date(Date.now() - 2 * HOUR), until: new Date(Date.now() - HOUR) };
    expect(await run("recover", past)).toBe(0);
  });

  test("accepts a range of 14 days plus tolerance for a slow client, and no more", async () => {
    const days = (count: number): Date => new Date(Date.now() - count * 24 * HOUR);
    expect((await world.api.post(`${endpoint.path}/recover`, { since: days(14) })).status).toBe(202);
    expect((await world.api.post(`${endpoint.path}/recover`, { since: days(14.1) })).status).toBe(422);
    expect((await world.api.post(`${endpoint.path}/recover`, { since: days(1), until: days(2) })).status).toBe(422);
    expect((await world.api.post(`${endpoint.path}/recover`, {})).status).toBe(422);
  });
});

describe("replaying missing messages", () => {
  test("sends messages from before the endpoint subscribed to them, by its filters, once", async () => {
    const [early, other] = [await published(1), await published(1, { channels: ["blue"] })];
    endpoint = await tenant.endpoint();
    const since = new Date(Date.now() - HOUR);
    expect(await run("replay-missing", { since })).toBe(2);
    for (const message of [early, other]) await tenant.delivery(endpoint, message);
    expect(await run("replay-missing", { since })).toBe(0);
    endpoint = await tenant.endpoint({ channels: ["blue"] });
    expect(await run("replay-missing", { since })).toBe(1);
    await tenant.delivery(endpoint, other);
  });

  test("omits messages without a payload", async () => {
    const message = await published(1);
    await world.api.delete(`${tenant.path}/msg/${message}/content`);
    endpoint = await tenant.endpoint();
    expect(await run("replay-missing", { since: new Date(Date.now() - HOUR) })).toBe(0);
  });
});

describe("background tasks", () => {
  test("are listed by status and kind, and belong to their organisation", async () => {
    await run("recover", { since: new Date() });
    const listed = (await world.api.get("/api/v1/background-task?status=finished&task=endpoint.recover&limit=1")).json;
    expect(listed.data[0]).toMatchObject({ status: "finished", task: "endpoint.recover" });
    const stranger = world.api.as(world.server.tokenOf(organisationId()));
    expect((await stranger.get(`/api/v1/background-task/${listed.data[0].id}`)).status).toBe(404);
    expect((await stranger.get("/api/v1/background-task")).json.data).toEqual([]);
  });
});

describe("examples", () => {
  test("are taken from the schema of the event type and sent to the endpoint regardless of its filters", async () => {
    const name = eventTypeName();
    const schemas = { 1: { type: "object", examples: [{ first: 1 }, { second: 2 }] } };
    await world.api.post("/api/v1/event-type", { name, description: "", schemas });
    const picky = await tenant.endpoint({ channels: ["none"] });
    const send = (fields: object) => world.api.post(`${picky.path}/send-example`, { eventType: name, ...fields });
    const second = await send({ exampleIndex: 1 });
    expect([second.status, second.json.payload]).toEqual([202, { second: 2 }]);
    expect((await tenant.delivery(picky, second.json.id)).body.toString()).toBe('{"second":2}');
    expect((await send({})).json.payload).toEqual({ first: 1 });
    const none = await send({ exampleIndex: 2 });
    expect([none.status, none.json.code]).toEqual([400, "no_example"]);
  });

  test("is generated from the schema if it has none, else taken from the newest message of the type", async () => {
    const send = (eventType: string) => world.api.post(`${endpoint.path}/send-example`, { eventType });
    const described = `described.${Date.now()}`;
    const schemas = { 1: { type: "object", properties: { amount: { type: "integer", minimum: 5 } } } };
    await world.api.post("/api/v1/event-type", { name: described, description: "", schemas });
    expect((await send(described)).json.payload).toEqual({ amount: 5 });
    const bare = `bare.${Date.now()}`;
    await world.api.post("/api/v1/event-type", { name: bare, description: "" });
    expect((await send(bare)).json.payload).toEqual({ example: true });
    const seen = `seen.${Date.now()}`;
    const refused = await send(seen);
    expect([refused.status, refused.json.code]).toEqual([400, "no_example"]);
    expect(refused.json.detail).toContain("webhook.ping");
    await world.api.post(`${endpoint.path.replace(/\/endpoint\/.*/, "")}/msg`, {
      eventType: seen,
      payload: { id: "inv_1" },
    });
    const sent = await send(seen);
    expect([sent.status, sent.json.payload]).toEqual([202, { id: "inv_1" }]);
  });

  test.each(["webhook.ping", "posthorn.ping", "svix.ping"])("%s is built in", async (eventType) => {
    const { status, json } = await world.api.post(`${endpoint.path}/send-example`, { eventType });
    expect([status, json.eventType]).toEqual([202, eventType]);
    await expect(tenant.delivery(endpoint, json.id)).resolves.toBeDefined();
  });
});

describe("statistics", () => {
  test("count attempts by outcome, and waiting deliveries", async () => {
    await published(1);
    world.receiver.respondWith(500);
    await published(2);
    const { json } = await world.api.get(`${endpoint.path}/stats`);
    expect(json).toEqual({ success: 1, fail: 2, pending: 0, sending: 0, canceled: 0 });
    await world.api.patch(endpoint.path, { disabled: true });
    await tenant.publish();
    expect((await world.api.get(`${endpoint.path}/stats`)).json).toMatchObject({ pending: 1 });
  });

  test("cover the requested range, up to 28 days, and nothing in the future", async () => {
    await published(1);
    const at = (ms: number): string => encodeURIComponent(new Date(Date.now() + ms).toISOString());
    const stats = (query: string): Promise<Result> => world.api.get(`${endpoint.path}/stats?${query}`);
    expect((await stats(`since=${at(-HOUR)}`)).json.success).toBe(1);
    expect((await stats(`since=${at(-2 * HOUR)}&until=${at(-HOUR)}`)).json.success).toBe(0);
    for (const query of [`since=${at(-29 * 24 * HOUR)}`, `until=${at(HOUR)}`, `since=${at(-1)}&until=${at(-HOUR)}`]) {
      const { status, json } = await stats(query);
      expect([query, status, json.code]).toEqual([query, 400, "invalid_range"]);
    }
    expect((await stats("since=yesterday")).status).toBe(400);
  });
});

describe("deleting content", () => {
  test("of a message keeps the message and its attempts, and leaves nothing to send", async () => {
    const message = await published(1);
    expect((await world.api.delete(`${tenant.path}/msg/${message}/content`)).status).toBe(204);
    expect((await tenant.get(`/msg/${message}`)).json).toMatchObject({ id: message, payload: { expired: true } });
    expect(await rows(`/attempt/msg/${message}`)).toHaveLength(1);
    const { status, json } = await resend(message);
    expect([status, json.code]).toEqual([400, "missing_payload"]);
    expect((await world.api.delete(`${tenant.path}/msg/${message}/content`)).status).toBe(204);
  });

  test("of an attempt keeps the attempt", async () => {
    world.receiver.respondWith({ body: "a secret" });
    const message = await published(1);
    const [attempt] = await rows(`/attempt/msg/${message}`);
    const path = `${tenant.path}/msg/${message}/attempt/${attempt!.id}`;
    expect((await world.api.delete(`${path}/content`)).status).toBe(204);
    expect((await world.api.get(path)).json).toMatchObject({ response: "EXPUNGED", responseStatusCode: 200 });
  });
});
