/** From publish to receiver: matching, exact bytes, and failures. */
import { eventTypeName, eventually, type Received, uid } from "@posthorn/testkit";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { messageInRaw as messageInRaw2 } from "svix";
import { messageInRaw as messageInRaw1 } from "svix1";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SDK_VERSIONS } from "../lib/sdk.ts";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "0.2,0.3" } });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await Tenant.create(world);
});

beforeEach(() => world.receiver.respondWith(204));

interface AttemptOut {
  readonly status: number;
  readonly statusText: string;
  readonly response: string;
  readonly responseStatusCode: number;
  readonly errorCode: string | null;
  readonly triggerType: number;
}

/** The attempts of a message, oldest first, once there are this many. */
function attempts(message: string, count: number): Promise<AttemptOut[]> {
  return eventually(async () => {
    const { data } = (await tenant.get(`/attempt/msg/${message}`)).json;
    expect(data).toHaveLength(count);
    return data.toReversed();
  });
}

/** Waits until a later message has arrived. Anything that was not sent by then will not be sent. */
async function settle(endpoint: TenantEndpoint, fields: object = {}): Promise<void> {
  await tenant.delivery(endpoint, await tenant.publish(fields));
}

describe("payloads", () => {
  test.each([
    ["numbers", '{"a":1.0,"b":12345678901234567890,"c":1e400,"d":-0,"e":1E+2}'],
    ["white space and order", '{ "b" : 1 ,\n\t"a":[ ] }'],
    ["escapes", String.raw`{"\u0061":"\u00e9\ud83d\ude00\/\n","é":"😀"}`],
    ["the same name twice", '{"a":1,"a":2}'],
    ["the names of the request around it", '{"payload":{"payload":1},"eventType":"x"}'],
  ])("with unusual %s arrive byte for byte, and are shown unchanged", async (_title, payload) => {
    const endpoint = await tenant.endpoint();
    const message = await tenant.publish(`{"eventType":"a", "payload" : ${payload} ,"tags":["t"]}`);
    expect((await tenant.delivery(endpoint, message)).body.toString()).toBe(payload);
    expect((await tenant.get(`/msg/${message}`)).text).toContain(`"payload":${payload}`);
  });

  test("of XML, forms, text and bytes arrive unchanged, with their content type", async () => {
    const endpoint = await tenant.endpoint();
    const send = async (rawPayload: string, type: string, rest: object = {}) => {
      const headers = { "Content-Type": type };
      return tenant.publish({ payload: {}, transformationsParams: { rawPayload, headers, ...rest } });
    };
    for (const [body, type] of [
      ["<a>ä</a>\n", "application/xml; charset=utf-8"],
      ["a=1&b=%20", "application/x-www-form-urlencoded"],
      ["", "text/plain"],
      ["[1.0]", "application/json"],
    ] as const) {
      const delivery = await tenant.delivery(endpoint, await send(body, type));
      expect([delivery.body.toString(), delivery.headers["content-type"]]).toEqual([body, type]);
    }
    const bytes = Buffer.from([0, 255, 10, 128]);
    const message = await send(bytes.toString("base64"), "application/octet-stream", { rawPayloadEncoding: "base64" });
    expect((await tenant.delivery(endpoint, message)).body).toEqual(bytes);
    expect((await tenant.get(`/msg/${message}`)).json).toMatchObject({
      payload: {},
      rawPayload: bytes.toString("base64"),
    });
  });

  test("given raw as JSON, as some SDKs always do, are shown and sent like others", async () => {
    const endpoint = await tenant.endpoint();
    const rawPayload = '{"a":1.0}';
    const message = await tenant.publish({ payload: {}, transformationsParams: { rawPayload } });
    const { body, headers } = await tenant.delivery(endpoint, message);
    expect([body.toString(), headers["content-type"]]).toEqual([rawPayload, "application/json"]);
    expect((await tenant.get(`/msg/${message}`)).text).toContain(`"payload":${rawPayload}`);
  });

  test.each([
    ["a list", { payload: [] }],
    ["a text", { payload: "x" }],
    ["nothing", { payload: undefined }],
    ["null", { payload: null }],
    [
      "a content type with a line break",
      { transformationsParams: { rawPayload: "x", headers: { "content-type": "a/b\r\nX: 1" } } },
    ],
    ["invalid Base64", { transformationsParams: { rawPayload: "!", rawPayloadEncoding: "base64" } }],
  ])("that are %s are rejected with 422", async (_title, fields) => {
    const { status } = await world.api.post(`${tenant.path}/msg`, { eventType: "a", payload: {}, ...fields });
    expect(status).toBe(422);
  });

  test("can have the maximum size, and not one byte more", async () => {
    const endpoint = await tenant.endpoint();
    const payload = (bytes: number): string => `{"a":"${"x".repeat(bytes - '{"a":""}'.length)}"}`;
    const publish = (bytes: number) =>
      world.api.post(`${tenant.path}/msg`, `{"eventType":"a","payload":${payload(bytes)}}`);
    const largest = await publish(1_048_576);
    expect(largest.status).toBe(202);
    expect((await tenant.delivery(endpoint, largest.json.id)).body.toString()).toBe(payload(1_048_576));
    expect((await publish(1_048_577)).status).toBe(413);
  });

  test.each(SDK_VERSIONS)("of any type go through the helper of SDK %i", async (version) => {
    const endpoint = await tenant.endpoint();
    const message = (version === 1 ? messageInRaw1 : messageInRaw2)("a", "<xml/>", "text/xml");
    const { id } = await world.sdk(version)("message.create", tenant.id, message);
    const { body, headers } = await tenant.delivery(endpoint, id);
    expect([body.toString(), headers["content-type"]]).toEqual(["<xml/>", "text/xml"]);
  });

  test("are omitted from responses only on request", async () => {
    const path = `${tenant.path}/msg`;
    const body = { eventType: "a", payload: { a: 1 } };
    expect((await world.api.post(path, body)).json.payload).toEqual({ a: 1 });
    const { json } = await world.api.post(`${path}?with_content=false`, body);
    expect(json.payload).toEqual({});
    expect((await world.api.get(`${path}/${json.id}`)).json.payload).toEqual({ a: 1 });
    expect((await world.api.get(`${path}/${json.id}?with_content=false`)).json.payload).toEqual({});
    expect((await world.api.get(`${path}?with_content=false&limit=1`)).json.data[0].payload).toEqual({});
  });
});

describe("routing", () => {
  test("an endpoint gets the event types it subscribes to, and all without a subscription", async () => {
    const [wanted, other] = [eventTypeName(), eventTypeName()];
    for (const name of [wanted, other]) await world.api.post("/api/v1/event-type", { name, description: "" });
    const [some, all] = [await tenant.endpoint({ eventTypes: [wanted] }), await tenant.endpoint()];
    const missed = await tenant.publish({ eventType: other });
    await tenant.delivery(all, missed);
    await settle(some, { eventType: wanted });
    expect(tenant.received(some, missed)).toEqual([]);
  });

  test("an event type need not exist to be published", async () => {
    const endpoint = await tenant.endpoint();
    await expect(
      tenant.delivery(endpoint, await tenant.publish({ eventType: eventTypeName() })),
    ).resolves.toBeDefined();
  });

  test("an endpoint with channels gets only messages that share one, and an endpoint without channels gets all", async () => {
    const [red, both, all] = [
      await tenant.endpoint({ channels: ["red"] }),
      await tenant.endpoint({ channels: ["red", "a:b+c.d-e_f"] }),
      await tenant.endpoint(),
    ];
    const messages = {
      none: await tenant.publish(),
      red: await tenant.publish({ channels: ["red", "blue"] }),
      odd: await tenant.publish({ channels: ["a:b+c.d-e_f"] }),
      blue: await tenant.publish({ channels: ["blue"] }),
    };
    for (const message of Object.values(messages)) await tenant.delivery(all, message);
    for (const endpoint of [red, both]) await settle(endpoint, { channels: ["red"] });
    const received = (endpoint: TenantEndpoint): string[] =>
      Object.entries(messages)
        .filter(([, id]) => tenant.received(endpoint, id).length > 0)
        .map(([name]) => name);
    expect([received(red), received(both), received(all)]).toEqual([
      ["red"],
      ["red", "odd"],
      ["none", "red", "odd", "blue"],
    ]);
  });

  test("channels are rejected with 422 if the list is empty, too long, or has invalid names", async () => {
    const eleven = Array.from({ length: 11 }, (_, index) => `c${index}`);
    for (const channels of [[], eleven, ["a b"], [""], ["x".repeat(129)], "red"]) {
      expect((await world.api.post(`${tenant.path}/msg`, { eventType: "a", payload: {}, channels })).status).toBe(422);
      expect((await world.api.post(`${tenant.path}/endpoint`, { url: world.receiver.url, channels })).status).toBe(422);
    }
  });

  test("tags do not route; tags and channels filter lists", async () => {
    const endpoint = await tenant.endpoint();
    const [tag, channel] = [uid("tag"), uid("channel")];
    const tagged = await tenant.publish({ tags: [tag], channels: [channel] });
    await tenant.delivery(endpoint, tagged);
    await attempts(tagged, await countEndpoints());
    for (const list of ["/msg", `/endpoint/${endpoint.id}/msg`, `/attempt/endpoint/${endpoint.id}`]) {
      for (const query of [`tag=${tag}`, `channel=${channel}`, `tag=${tag}&channel=${channel}`]) {
        const { data } = (await tenant.get(`${list}?${query}`)).json;
        expect(data.map((row: { id: string; msgId?: string }) => row.msgId ?? row.id)).toEqual([tagged]);
      }
      expect((await tenant.get(`${list}?tag=${uid()}`)).json.data).toEqual([]);
    }
    const six = ["1", "2", "3", "4", "5", "6"];
    expect((await world.api.post(`${tenant.path}/msg`, { eventType: "a", payload: {}, tags: six })).status).toBe(422);
  });

  test("a message without any endpoint is stored and gets 202", async () => {
    const lonely = await Tenant.create(world);
    const message = await lonely.publish();
    expect((await lonely.get(`/msg/${message}`)).status).toBe(200);
    expect((await lonely.get(`/msg/${message}/endpoint`)).json.data).toEqual([]);
  });

  test("a disabled endpoint gets the messages on hold when it is enabled", async () => {
    const endpoint = await tenant.endpoint({ disabled: true });
    const message = await tenant.publish();
    await settle(await tenant.endpoint());
    expect(tenant.received(endpoint, message)).toEqual([]);
    await world.api.patch(endpoint.path, { disabled: false });
    await expect(tenant.delivery(endpoint, message)).resolves.toBeDefined();
  });
});

/** Endpoints of the application except those whose filter a message without channels does not match. */
async function countEndpoints(): Promise<number> {
  const { data } = (await tenant.get("/endpoint?limit=250")).json;
  const open = (row: { channels: unknown; eventTypes: unknown; disabled: boolean }): boolean =>
    row.channels === null && row.eventTypes === null && !row.disabled;
  return data.filter(open).length;
}

/** The result of the official verifier. */
function verify({ body, headers }: Pick<Received, "body" | "headers">, key: string): unknown {
  return new Webhook(key).verify(body.toString(), headers);
}

describe("messages that an endpoint changes", () => {
  test.each(SDK_VERSIONS)(
    "the transformed and converted message is the one that is signed (SDK %i)",
    async (version) => {
      const sdk = world.sdk(version);
      const endpoint = await tenant.endpoint();
      const code =
        "function handler(webhook) { webhook.payload = { was: webhook.payload.a, plus: 1 }; return webhook; }";
      await sdk("endpoint.transformation.patch", tenant.id, endpoint.id, { code, enabled: true });
      const { key } = await sdk("endpoint.getSecret", tenant.id, endpoint.id);
      const first = await tenant.delivery(endpoint, await tenant.publish());
      expect(first.body.toString()).toBe('{"was":1,"plus":1}');
      expect(verify(first, key)).toEqual({ was: 1, plus: 1 });

      await world.api.patch(`${endpoint.path}/policy`, { format: { body: "form" } });
      const second = await tenant.delivery(endpoint, await tenant.publish());
      expect([second.body.toString(), second.headers["content-type"]]).toEqual([
        "was=1&plus=1",
        "application/x-www-form-urlencoded",
      ]);
      // The official verifier parses JSON after it has verified: reaching that point is the proof.
      expect(() => verify(second, key)).toThrow(SyntaxError);
      expect(() => verify({ ...second, body: Buffer.from("was=1&plus=2") }, key)).toThrow(WebhookVerificationError);
    },
  );
});

describe("publishing", () => {
  test("an eventId finds its message and is rejected a second time with 409, with any idempotency key", async () => {
    const eventId = uid("event");
    const message = await tenant.publish({ eventId });
    expect((await tenant.get(`/msg/${eventId}`)).json.id).toBe(message);
    const { status } = await world.api.post(`${tenant.path}/msg`, { eventType: "b", payload: {}, eventId });
    expect(status).toBe(409);
  });

  test("an application given with its first message is created, and ignored later", async () => {
    const name = uid("inline");
    const publish = (application: object) =>
      world.api.post(`/api/v1/app/${name}/msg`, { eventType: "a", payload: {}, application });
    const missing = await publish({ name: "A" });
    expect([missing.status, missing.json.detail[0].type]).toEqual([422, "application_uid_missing"]);
    const mismatch = await publish({ name: "A", uid: "another" });
    expect([mismatch.status, mismatch.json.detail[0].type]).toEqual([422, "application_uid_mismatch"]);
    expect((await publish({ name: "First", uid: name })).status).toBe(202);
    expect((await publish({ name: "Second", uid: "another" })).status).toBe(202);
    expect((await world.api.get(`/api/v1/app/${name}`)).json.name).toBe("First");
  });

  test("twenty concurrent first messages create one application", async () => {
    const name = uid("inline");
    const publish = () =>
      world.api.post(`/api/v1/app/${name}/msg`, { eventType: "a", payload: {}, application: { name, uid: name } });
    const responses = await Promise.all(Array.from({ length: 20 }, publish));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]));
    expect((await world.api.get(`/api/v1/app/${name}/msg`)).json.data).toHaveLength(20);
  });

  test("can be delayed by at least a minute and at most a day", async () => {
    const endpoint = await tenant.endpoint();
    const at = (ms: number): object => ({ eventType: "a", payload: {}, deliverAt: new Date(Date.now() + ms) });
    for (const ms of [-1000, 30_000, 25 * 3_600_000]) {
      expect((await world.api.post(`${tenant.path}/msg`, at(ms))).status).toBe(422);
    }
    const { status, json } = await world.api.post(`${tenant.path}/msg`, at(120_000));
    expect([status, Date.parse(json.deliverAt)]).toEqual([202, expect.any(Number)]);
    await settle(endpoint);
    expect(tenant.received(endpoint, json.id)).toEqual([]);
  });

  test("accepts a retention in days or in hours, not in both, and within its bounds", async () => {
    const status = async (fields: object): Promise<number> =>
      (await world.api.post(`${tenant.path}/msg`, { eventType: "a", payload: {}, ...fields })).status;
    expect(await status({ payloadRetentionPeriod: 1 })).toBe(202);
    expect(await status({ payloadRetentionHours: 2160 })).toBe(202);
    expect(await status({ payloadRetentionPeriod: 1, payloadRetentionHours: 1 })).toBe(422);
    expect(await status({ payloadRetentionPeriod: 91 })).toBe(422);
    expect(await status({ payloadRetentionHours: 0 })).toBe(422);
  });
});

describe("failing", () => {
  let alone: TenantEndpoint;

  beforeEach(async () => {
    tenant = await Tenant.create(world);
    alone = await tenant.endpoint();
  });

  test("a delivery is retried to the end of the schedule, each time with the same ID and bytes", async () => {
    world.receiver.respondWith({ status: 500, body: "no" });
    const message = await tenant.publish();
    const all = await attempts(message, 3);
    expect(all.map(({ status, responseStatusCode, response }) => [status, responseStatusCode, response])).toEqual(
      Array.from({ length: 3 }, () => [2, 500, "no"]),
    );
    const deliveries = tenant.received(alone, message);
    expect(new Set(deliveries.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([message]));
    expect(new Set(deliveries.map(({ body }) => body.toString()))).toEqual(new Set(['{"a":1}']));
    const [place] = (await tenant.get(`/msg/${message}/endpoint`)).json.data;
    expect([place.status, place.statusText, place.nextAttempt ?? null]).toEqual([2, "fail", null]);
  });

  test("a delivery that finally succeeds is not retried again, and is shown so everywhere", async () => {
    world.receiver.respondWith(({ headers }) =>
      world.receiver.requests.filter((r) => r.headers["webhook-id"] === headers["webhook-id"]).length < 2 ? 503 : 200,
    );
    const message = await tenant.publish();
    expect((await attempts(message, 2)).map(({ statusText }) => statusText)).toEqual(["fail", "success"]);
    const [place] = (await tenant.get(`/msg/${message}/endpoint`)).json.data;
    expect([place.status, place.statusText]).toEqual([0, "success"]);
    expect((await tenant.get(`/msg/${message}/stats`)).json).toMatchObject({ success: 1, fail: 0, sending: 0 });
  });

  test.each([301, 302, 307, 308])("a redirect, %i, is a failure and is not followed", async (status) => {
    world.receiver.respondWith({ status, headers: { location: `${world.receiver.url}/elsewhere` } });
    const message = await tenant.publish();
    const [first] = await attempts(message, 3);
    expect([first!.status, first!.responseStatusCode]).toEqual([2, status]);
    expect(world.receiver.requests.filter(({ path }) => path === "/elsewhere")).toEqual([]);
  });

  test.each([200, 201, 204, 299])("the status %i is a success", async (status) => {
    world.receiver.respondWith(status);
    const [first] = await attempts(await tenant.publish(), 1);
    expect([first!.status, first!.responseStatusCode]).toEqual([0, status]);
  });

  /** Only where the timeout matters: on a busy machine, a correct receiver may respond later. */
  async function endAfter(timeoutMs: number): Promise<void> {
    expect((await world.api.patch(`${alone.path}/policy`, { limits: { timeoutMs } })).status).toBe(200);
  }

  test.each([
    ["never answers", "hang" as const],
    ["closes the connection", "reset" as const],
  ])("a receiver that %s causes a failure with a reason", async (_title, answer) => {
    await endAfter(1000);
    world.receiver.respondWith(answer);
    const [first] = await attempts(await tenant.publish(), 3);
    expect(first).toMatchObject({ status: 2, statusText: "fail", errorCode: expect.stringMatching(/./) });
    expect(first!.response).not.toBe("");
  });

  test("a response body that is incomplete at the deadline is truncated, and the status counts", async () => {
    // The status must arrive in time, and the body takes over a minute.
    await endAfter(5000);
    world.receiver.respondWith({ body: "x".repeat(1000), dripMs: 1000 });
    const [first] = await attempts(await tenant.publish(), 1);
    expect([first!.status, first!.responseStatusCode]).toEqual([0, 200]);
    expect(first!.response).toMatch(/^x+$/);
    expect(first!.response.length).toBeLessThan(1000);
  });

  test("a refused connection has the status code 0 and an explanation", async () => {
    const gone = await tenant.endpoint({ url: "http://127.0.0.1:4099/" });
    await world.api.delete(alone.path);
    const [first] = await attempts(await tenant.publish(), 3);
    expect(first).toMatchObject({ responseStatusCode: 0, status: 2, errorCode: expect.stringMatching(/./) });
    expect(first!.response).toMatch(/refused/i);
    expect((await tenant.get(`/attempt/endpoint/${gone.id}?status_code_class=0`)).json.data).toHaveLength(3);
  });

  test("up to 20,000 bytes of a response are stored, even of an endless one", async () => {
    world.receiver.respondWith({ status: 200, body: "a".repeat(50_000) });
    const [large] = await attempts(await tenant.publish(), 1);
    expect([large!.status, large!.response.length]).toEqual([0, 20_000]);
    world.receiver.respondWith("endless");
    const [endless] = await attempts(await tenant.publish(), 1);
    expect(endless!.response.length).toBe(20_000);
  });

  test("a response that is not text is stored as base64", async () => {
    world.receiver.respondWith({ body: Buffer.from([0xff, 0xfe, 0x00]) });
    const [first] = await attempts(await tenant.publish(), 1);
    expect(Buffer.from(first!.response, "base64")).toEqual(Buffer.from([0xff, 0xfe, 0x00]));
  });

  test("one hanging endpoint does not delay messages to another", async () => {
    const good = await tenant.endpoint();
    await endAfter(1000);
    world.receiver.respondWith(({ path }) => (path === alone.hook ? "hang" : 200));
    const messages = await Promise.all(Array.from({ length: 50 }, () => tenant.publish()));
    for (const message of messages) await tenant.delivery(good, message);
    expect((await tenant.get(`/attempt/endpoint/${good.id}`)).json.data[0]).toMatchObject({ status: 0 });
  });

  test("pending deliveries of a deleted endpoint are canceled, and shown so with expanded statuses", async () => {
    world.receiver.respondWith(500);
    await world.api.patch(alone.path, { disabled: true });
    const message = await tenant.publish();
    await world.api.delete(alone.path);
    const [place] = await eventually(async () => {
      const { data } = (await tenant.get(`/msg/${message}/endpoint`)).json;
      expect(data[0].statusText).not.toBe("pending");
      return data;
    });
    expect([place.id, place.status, place.statusText]).toEqual([alone.id, 4, "canceled"]);
  });
});
