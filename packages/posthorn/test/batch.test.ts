import { startReceiver, type Receiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { eventually } from "@posthorn/testkit";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let receiver: Receiver;
let tenant: Tenant;

interface Result {
  status: string;
  id?: string;
  eventId?: string | null;
  error?: { status: number; code: string; detail: unknown };
}

interface ApiResponse {
  status: number;
  created: number;
  duplicates: number;
  failed: number;
  data: Result[];
  text: string;
}

beforeAll(async () => {
  receiver = await startReceiver();
  node = await startNode(folder.path, { env: { POSTHORN_MAX_BATCH_BYTES: "1000000" } });
  tenant = new Tenant(node);
  await tenant.setUp(receiver.url);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function post(
  body: string,
  headers: Record<string, string> = {},
  path = "app/app/msg/batch",
): Promise<ApiResponse> {
  const response = await fetch(`${node.url}/api/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  return { ...(JSON.parse(text) as ApiResponse), status: response.status, text };
}

function batch(messages: readonly object[], headers?: Record<string, string>, path?: string): Promise<ApiResponse> {
  return post(JSON.stringify({ messages }), headers, path);
}

const message = (fields: object = {}): object => ({ eventType: "a", payload: { n: 1 }, ...fields });

describe("a batch", () => {
  it("delivers each payload byte for byte, numbers with all their digits", async () => {
    const payloads = ['{"n":1.0}', '{ "n" : 12345678901234567890 }', '{"a":1,"a":2,"s":"\\u00e9\\/"}'];
    const items = payloads.map((payload) => `{"eventType":"exact","payload": ${payload} }`);
    const { status, created, data } = await post(`{"messages": [${items.join(" ,\n")}]}`);
    expect([status, created]).toEqual([202, 3]);
    for (const [index, payload] of payloads.entries()) {
      const { body } = await receiver.waitFor((request) => request.headers["webhook-id"] === data[index]!.id);
      expect(body.toString()).toBe(payload);
    }
  });

  it("gives each message its own result: a rejected one does not affect the others", async () => {
    await tenant.call("POST", "app/app/msg", message({ eventId: "taken" }));
    const response = await batch([
      message({ eventId: "first" }),
      message({ eventType: "a b" }),
      message({ eventId: "taken" }),
      { eventType: "a" },
      message({ deliverAt: "2001-01-01T00:00:00Z" }),
      message({ eventId: "first" }),
      message(),
    ]);
    expect(response).toMatchObject({ status: 202, created: 2, duplicates: 2, failed: 3 });
    expect(response.data.map(({ status }) => status)).toEqual([
      "created",
      "failed",
      "duplicate",
      "failed",
      "failed",
      "duplicate",
      "created",
    ]);
    expect(response.data[5]!.id).toBe(response.data[0]!.id);
    expect(response.data[1]!.error).toMatchObject({
      status: 422,
      code: "validation",
      detail: [{ loc: ["body", "messages", "[1]", "eventType"] }],
    });
    expect(response.data[3]!.error).toMatchObject({ detail: [{ loc: ["body", "messages", "[3]", "payload"] }] });
  });

  it("that is sent again under its key gets the same response and stores nothing", async () => {
    const messages = [message({ eventType: "again", eventId: "again-1" }), message({ eventType: "again" }), {}];
    const first = await batch(messages, { "idempotency-key": "whole" });
    const second = await batch(messages, { "idempotency-key": "whole" });
    expect(second.text).toBe(first.text);
    expect(first.created).toBe(2);
    const { json } = await tenant.call("GET", "app/app/msg?event_types=again");
    expect(json["data"]).toHaveLength(2);
  });

  it("of which a part was stored before a crash continues where it stopped", async () => {
    const messages = [message({ eventType: "part" }), message({ eventType: "part" })];
    const first = await batch(messages.slice(0, 1), { "idempotency-key": "part" });
    const whole = await batch(messages, { "idempotency-key": "part" });
    expect(whole.data.map(({ status }) => status)).toEqual(["created", "created"]);
    expect(whole.data[0]!.id).toBe(first.data[0]!.id);
    const { json } = await tenant.call("GET", "app/app/msg?event_types=part");
    expect(json["data"]).toHaveLength(2);
  });

  it("recognises an item by its own key, also from a single publish and within the batch", async () => {
    const key = { idempotencyKey: "mine" };
    const single = await fetch(`${node.url}/api/v1/app/app/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}`, "idempotency-key": "mine" },
      body: JSON.stringify(message()),
    });
    const { id } = (await single.json()) as { id: string };
    const other = { idempotencyKey: "other" };
    const { data } = await batch([message(key), message(other), message(other)]);
    expect(data.map(({ status }) => status)).toEqual(["duplicate", "created", "duplicate"]);
    expect([data[0]!.id, data[2]!.id]).toEqual([id, data[1]!.id]);
  });

  it("sent twenty times at once under one key is one batch", async () => {
    const messages = [message({ eventType: "race" }), message({ eventType: "race" })];
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => batch(messages, { "idempotency-key": "race" })),
    );
    expect(new Set(responses.map(({ text }) => text)).size).toBe(1);
    const { json } = await tenant.call("GET", "app/app/msg?event_types=race");
    expect(json["data"]).toHaveLength(2);
  });

  it("can have 1 to 1,000 messages", async () => {
    const many = Array.from({ length: 1000 }, () => message({ eventType: "many" }));
    expect(await batch(many)).toMatchObject({ status: 202, created: 1000 });
    expect((await batch([...many, message()])).status).toBe(422);
    expect((await batch([])).status).toBe(422);
    await eventually(() => expect(receiver.requests.length).toBeGreaterThan(1000));
  });

  it("above the limit of bytes is rejected with 413", async () => {
    const messages = Array.from({ length: 12 }, () => message({ payload: { text: "x".repeat(100_000) } }));
    const { status, text } = await batch(messages);
    expect([status, text]).toMatchObject([413, expect.stringContaining("payload_too_large") as string]);
  });

  it("rejects only the payload that exceeds the limit of one message", async () => {
    const small = await startNode(`${folder.path}/small`, { env: { POSTHORN_MAX_PAYLOAD_BYTES: "2000" } });
    await using _ = small;
    await new Tenant(small).setUp(receiver.url);
    const response = await fetch(`${small.url}/api/v1/app/app/msg/batch`, {
      method: "POST",
      headers: { authorization: `Bearer ${small.token}` },
      body: JSON.stringify({ messages: [message({ payload: { text: "x".repeat(3000) } }), message()] }),
    });
    const { data } = (await response.json()) as ApiResponse;
    expect(data.map(({ status, error }) => error?.code ?? status)).toEqual(["payload_too_large", "created"]);
  });

  it("for an unknown application fails each message with not_found", async () => {
    const response = await batch([message()], {}, "app/missing/msg/batch");
    expect(response).toMatchObject({ status: 202, failed: 1, data: [{ error: { status: 404, code: "not_found" } }] });
  });

  it("is rejected for a token of an application", async () => {
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint", "CreateAttempts"]);
    expect((await portal.call("POST", "app/app/msg/batch", { messages: [message()] })).status).toBe(403);
    expect((await portal.call("POST", "msg/batch", { messages: [message({ app: "app" })] })).status).toBe(403);
  });
});

describe("a batch of lines", () => {
  const lines = { "content-type": "application/x-ndjson; charset=utf-8" };

  it("has one message per line, byte for byte, and only a broken line fails", async () => {
    const body = '{"eventType":"a","payload":{"n":1.0}}\n{"eventType":\n\n{"eventType":"a","payload":{"n":2.0}}\r\n';
    const { data } = await post(body, lines);
    expect(data.map(({ status }) => status)).toEqual(["created", "failed", "created"]);
    expect(data[1]!.error).toMatchObject({ code: "validation", detail: [{ loc: ["body", "messages", "[1]"] }] });
    const { body: sent } = await receiver.waitFor((request) => request.headers["webhook-id"] === data[2]!.id);
    expect(sent.toString()).toBe('{"n":2.0}');
  });

  it("has a maximum number of lines, and at least one", async () => {
    expect((await post("\n", lines)).status).toBe(422);
    expect((await post('{"eventType":"a","payload":{}}\n'.repeat(1001), lines)).status).toBe(422);
  });
});

describe("a batch of all applications", () => {
  it("publishes each message to its own application, and to none of other organisations", async () => {
    await tenant.call("POST", "app", { name: "Second", uid: "second" });
    const created = { application: { name: "Third", uid: "third" } };
    const { data } = await batch(
      [
        message({ app: "app" }),
        message({ app: "second" }),
        message({ app: "third", ...created }),
        message(),
        message({ app: "none" }),
      ],
      {},
      "msg/batch",
    );
    expect(data.map(({ status, error }) => error?.code ?? status)).toEqual([
      "created",
      "created",
      "created",
      "validation",
      "not_found",
    ]);
    const { json } = await tenant.call("GET", `app/second/msg/${data[1]!.id!}`);
    expect(json["eventType"]).toBe("a");
    expect((await tenant.call("GET", `app/app/msg/${data[1]!.id!}`)).status).toBe(404);
  });
});
