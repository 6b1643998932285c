import { createHmac } from "node:crypto";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const folder = temporaryFolder();
const ENDPOINT = "app/app/endpoint/ep";
const CODE = `${ENDPOINT}/transformation`;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "0.05,600" } });
  receiver = await startReceiver();
  tenant = new Tenant(node);
  await tenant.setUp(`${receiver.url}/hook?a=1`);
  await tenant.call("POST", "app/app/endpoint", { url: `${receiver.url}/plain`, uid: "plain" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const handler = (body: string): string => `function handler(webhook) { ${body} }`;

async function setCode(body: string, variables: object | null = null): Promise<void> {
  const response = await tenant.call("PATCH", CODE, { code: handler(body), enabled: true, variables });
  expect(response).toMatchObject({ status: 204 });
}

async function setFormat(format: object): Promise<void> {
  expect(await tenant.call("PATCH", `${ENDPOINT}/policy`, { format })).toMatchObject({ status: 200 });
}

async function publish(fields: object = {}): Promise<string> {
  const { status, json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 }, ...fields });
  expect(status).toBe(202);
  return json["id"] as string;
}

/** The requests for a message, except those to the endpoint without a transformation. */
const requestsOf = (message: string) =>
  receiver.requests.filter(({ headers, path }) => headers["webhook-id"] === message && path !== "/plain");

const received = (message: string) =>
  eventually(() => {
    const [request] = requestsOf(message);
    if (request === undefined) throw new Error("nothing yet");
    return request;
  });

type Fields = Record<string, unknown>;

/** The delivery to the endpoint, once it has ended. */
const deliveryOf = (message: string) =>
  eventually(async () => {
    const { json } = await tenant.call("GET", `app/app/msg/${message}/delivery`);
    const own = (json["data"] as Fields[]).find((delivery) => delivery["endpointUid"] === "ep")!;
    expect(["failed", "succeeded", "canceled"]).toContain(own["state"]);
    return own;
  });

async function attemptsOf(message: string): Promise<Fields[]> {
  const { json } = await tenant.call("GET", `app/app/attempt/msg/${message}?limit=50`);
  const endpoint = (await tenant.call("GET", ENDPOINT)).json["id"];
  const own = (json["data"] as Fields[]).filter((attempt) => attempt["endpointId"] === endpoint);
  return Promise.all(
    own.map(
      async (attempt) => (await tenant.call("GET", `app/app/msg/${message}/attempt/${String(attempt["id"])}`)).json,
    ),
  );
}

describe("the transformation of an endpoint", () => {
  it("can be set, read, enabled, disabled and removed", async () => {
    expect((await tenant.call("GET", CODE)).json).toEqual({
      code: null,
      enabled: false,
      variables: null,
      updatedAt: null,
    });
    const code = handler("return webhook;");
    expect(await tenant.call("PATCH", CODE, { code, variables: { a: "b" } })).toMatchObject({ status: 204 });
    expect((await tenant.call("GET", CODE)).json).toEqual({
      code,
      enabled: false,
      variables: { a: "b" },
      updatedAt: expect.stringMatching(/Z$/),
    });
    await tenant.call("PATCH", CODE, { enabled: true });
    expect((await tenant.call("GET", CODE)).json).toMatchObject({ code, enabled: true, variables: { a: "b" } });
    await tenant.call("PATCH", CODE, { variables: null });
    expect((await tenant.call("GET", CODE)).json).toMatchObject({ enabled: true, variables: {} });
    await tenant.call("PATCH", CODE, { code: null });
    expect((await tenant.call("GET", CODE)).json).toMatchObject({ code: null, enabled: false, variables: null });
  });

  it("is rejected with the line number if it cannot run, and the previous one is kept", async () => {
    await setCode("return webhook;");
    for (const code of [
      "function handler(webhook) {\n  return (;\n}",
      "const noHandler = 1234567890;",
      "throw 123456789;",
    ]) {
      const response = await tenant.call("PATCH", CODE, { code });
      expect(response).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "code"] }] } });
    }
    const { text } = await tenant.call("PATCH", CODE, { code: "function handler(webhook) {\n  return (;\n}" });
    expect(text).toContain("(line 2)");
    expect((await tenant.call("GET", CODE)).json["code"]).toBe(handler("return webhook;"));
    await tenant.call("PATCH", CODE, { code: null });
    expect(await tenant.call("PATCH", CODE, { enabled: true })).toMatchObject({ status: 422 });
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`v${n}`, ""]));
    expect(await tenant.call("PATCH", CODE, { code: handler("return webhook;"), variables: many })).toMatchObject({
      status: 422,
    });
  });

  it("needs the capability to manage transformations, even for reading, in its application", async () => {
    const manager = await tenant.portal(["ManageTransformations"]);
    expect(await manager.call("PATCH", CODE, { code: handler("return webhook;") })).toMatchObject({ status: 204 });
    const other = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    for (const [method, path, body] of [
      ["GET", CODE],
      ["PATCH", CODE, { enabled: true }],
      ["POST", `${ENDPOINT}/try`, { eventType: "a", payload: {} }],
    ] as const) {
      expect(await other.call(method, path, body)).toMatchObject({ status: 403 });
    }
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    expect(await manager.call("GET", "app/other/endpoint/ep/transformation")).toMatchObject({ status: 404 });
  });

  it("changes body, headers, method and path, and the sent request is signed and shown", async () => {
    await tenant.call("PUT", `${ENDPOINT}/headers`, { headers: { "x-own": "1", "x-gone": "1" } });
    await setCode(
      `webhook.payload = { n: webhook.payload.n + 1, type: webhook.eventType, tags: webhook.tags, v: webhook.variables.v };
       webhook.headers = { "x-more": "2", "X-Gone": null, "x-token": "secret" };
       webhook.method = "put";
       webhook.url = "/other?b=2";
       console.log("n is", webhook.payload.n);
       return webhook;`,
      { v: "w" },
    );
    const message = await publish({ tags: ["t"] });
    const { method, path, body, headers } = await received(message);
    expect([method, path, body.toString()]).toEqual(["PUT", "/other?b=2", '{"n":2,"type":"a","tags":["t"],"v":"w"}']);
    expect(headers).toMatchObject({
      "x-own": "1",
      "x-more": "2",
      "x-token": "secret",
      "content-type": "application/json",
    });
    expect(headers["x-gone"]).toBeUndefined();
    const { json: secret } = await tenant.call("GET", `${ENDPOINT}/secret`);
    const key = Buffer.from((secret["key"] as string).replace("whsec_", ""), "base64");
    const signed = `${message}.${String(headers["webhook-timestamp"])}.${body.toString()}`;
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);

    await deliveryOf(message);
    const [attempt] = await attemptsOf(message);
    expect(attempt).toMatchObject({
      url: `${receiver.url}/other?b=2`,
      detail: {
        request: { method: "PUT", url: `${receiver.url}/other?b=2` },
        change: {
          logs: ["n is 2"],
          cpuMs: expect.any(Number),
          body: { text: body.toString(), encoding: "utf-8", cut: false },
        },
      },
    });
    const shown = (attempt!["detail"] as { request: { headers: Fields[] } }).request.headers;
    expect(shown).toContainEqual({ name: "x-more", value: "2" });
    expect(shown).toContainEqual({ name: "x-token", value: null });
    expect(attempt).not.toMatchObject({
      detail: { request: { headers: expect.arrayContaining([{ name: "x-gone" }]) } },
    });
    expect((await tenant.call("GET", `app/app/msg/${message}`)).json["payload"]).toEqual({ n: 1 });
  });

  it("does not change the requests of other endpoints, or bytes that it does not modify", async () => {
    await setCode("return webhook;");
    const text = '{ "n": 1.0, "big": 12345678901234567890 }';
    const response = await fetch(`${node.url}/api/v1/app/app/msg`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
      body: `{"eventType":"a","payload":${text}}`,
    });
    const { id } = (await response.json()) as { id: string };
    expect((await received(id)).body.toString()).toBe(text);
    await deliveryOf(id);
    expect(await attemptsOf(id)).toMatchObject([{ detail: { change: { logs: [], body: null } } }]);
  });

  it("can cancel a delivery, which is then canceled with its reason, without an attempt", async () => {
    await setCode("webhook.cancel = webhook.payload.n === 1; return webhook;");
    const message = await publish();
    expect(await deliveryOf(message)).toMatchObject({
      state: "canceled",
      attempts: 0,
      canceled: { reason: "transformation" },
    });
    expect(requestsOf(message)).toEqual([]);
    const other = await publish({ payload: { n: 2 } });
    expect(await deliveryOf(other)).toMatchObject({ state: "succeeded" });
  });

  it.each([
    ["throws", "console.log('before'); webhook.payload.no.way;", "TypeError", ["before"]],
    ["returns nothing", "webhook.payload.n = 2;", "must return the webhook", []],
    ["waits forever", "return new Promise(() => {});", "nothing will settle", []],
    ["chooses another target", "webhook.url = 'https://elsewhere.example/'; return webhook;", "not the origin", []],
    [
      "puts a user into the URL",
      "webhook.url = webhook.url.replace('://', '://me:x@'); return webhook;",
      "not the origin",
      [],
    ],
    ["sets an invalid method", "webhook.method = 'GET\\r\\nx: y'; return webhook;", "the method", []],
    ["breaks a header", "webhook.headers = { a: 'b\\r\\nc: d' }; return webhook;", "line breaks", []],
    [
      "forges a signature",
      "webhook.headers = { 'webhook-signature': 'v1,x' }; return webhook;",
      "cannot be changed",
      [],
    ],
    ["sets a header to an object", "webhook.headers = { a: {} }; return webhook;", "not text", []],
    ["sets an invalid content type", "webhook.headers = { 'Content-Type': 'x' }; return webhook;", "media type", []],
  ])(
    "that %s ends its delivery at once, with a reason, and does not affect others",
    async (_what, body, sentence, logs) => {
      await setCode(body);
      const before = receiver.requests.length;
      const message = await publish();
      expect(await deliveryOf(message)).toMatchObject({ state: "failed", attempts: 1 });
      const attempts = await attemptsOf(message);
      expect(attempts).toMatchObject([
        {
          status: 2,
          responseStatusCode: 0,
          errorCode: "transform_failed",
          response: expect.stringContaining(sentence),
          detail: { sentence: expect.stringContaining(sentence), request: null, change: { logs, body: null } },
        },
      ]);
      expect(requestsOf(message)).toEqual([]);
      await eventually(() => expect(receiver.requests.slice(before).map(({ path }) => path)).toEqual(["/plain"]));
    },
  );

  it("that times out is retried by the schedule, because the machine may be overloaded", async () => {
    await setCode("for (;;);");
    const message = await publish();
    await eventually(async () => expect(await attemptsOf(message)).toHaveLength(2));
    expect((await attemptsOf(message))[0]).toMatchObject({
      errorCode: "transform_failed",
      response: expect.stringContaining("took more than"),
    });
    const { json } = await tenant.call("GET", `app/app/msg/${message}/delivery`);
    expect(json["data"]).toContainEqual(
      expect.objectContaining({ endpointUid: "ep", state: "retrying", nextAttempt: expect.any(String) }),
    );
  });

  it("is applied in its current version at each attempt, so that a delivery succeeds after a fix", async () => {
    await setCode("webhook.payload.no.way;");
    const message = await publish();
    expect(await deliveryOf(message)).toMatchObject({ state: "failed" });
    await setCode("webhook.payload = { fixed: true }; return webhook;");
    const endpoint = (await tenant.call("GET", ENDPOINT)).json["id"] as string;
    await tenant.call("POST", `app/app/msg/${message}/endpoint/${endpoint}/resend`, {});
    expect((await received(message)).body.toString()).toBe('{"fixed":true}');
    await eventually(async () => expect(await deliveryOf(message)).toMatchObject({ state: "succeeded" }));
  });

  it("has no effect while it is disabled", async () => {
    await tenant.call("PATCH", CODE, { enabled: false });
    const message = await publish();
    expect((await received(message)).body.toString()).toBe('{"n":1}');
    await deliveryOf(message);
    expect(await attemptsOf(message)).toMatchObject([{ detail: { change: null } }]);
  });
});

describe("the format of an endpoint", () => {
  it("is signed and sent, and the stored message does not change", async () => {
    await tenant.call("PATCH", CODE, { code: null });
    await setFormat({ body: "xml", xmlRoot: "event" });
    const message = await publish({ payload: { id: 7, items: ["a", "b"] } });
    const { body, headers, method } = await received(message);
    const xml = '<?xml version="1.0" encoding="UTF-8"?>\n<event><id>7</id><items>a</items><items>b</items></event>';
    expect([method, headers["content-type"], body.toString()]).toEqual(["POST", "application/xml; charset=utf-8", xml]);
    await deliveryOf(message);
    expect(await attemptsOf(message)).toMatchObject([{ detail: { change: { logs: null, body: { text: xml } } } }]);
    expect((await tenant.call("GET", `app/app/msg/${message}`)).json["payload"]).toEqual({ id: 7, items: ["a", "b"] });
  });

  it("is also applied to large bodies, in a separate thread", async () => {
    const items = Array.from({ length: 5000 }, (_, n) => `item ${n}`);
    const message = await publish({ payload: { items } });
    const { body } = await received(message);
    expect(body.toString()).toContain("<items>item 4998</items><items>item 4999</items></event>");
    await deliveryOf(message);
    expect(await attemptsOf(message)).toMatchObject([
      { detail: { request: { bodyBytes: body.byteLength }, change: { body: { cut: true } } } },
    ]);
  });

  it("that cannot represent a body fails that delivery, with a reason", async () => {
    const params = { rawPayload: "hello", headers: { "content-type": "text/plain" } };
    const message = await publish({ transformationsParams: params });
    expect(await deliveryOf(message)).toMatchObject({ state: "failed", attempts: 1 });
    expect(await attemptsOf(message)).toMatchObject([
      {
        errorCode: "format_failed",
        response: "A body of type text/plain cannot be converted to xml.",
        detail: { request: null },
      },
    ]);
  });

  it("is applied after the code, which sees JSON", async () => {
    await setCode("webhook.payload = { m: webhook.payload.n }; return webhook;");
    await setFormat({ body: "form" });
    const message = await publish();
    const { body, headers } = await received(message);
    expect([headers["content-type"], body.toString()]).toEqual(["application/x-www-form-urlencoded", "m=1"]);
  });

  it("is rejected if it is invalid", async () => {
    for (const format of [{ body: "yaml" }, { xmlRoot: "two words" }, { xmlRoot: "1st" }, { other: 1 }]) {
      expect(await tenant.call("PATCH", `${ENDPOINT}/policy`, { format })).toMatchObject({ status: 422 });
    }
  });

  it("is deleted with the content: the sent body is deleted with the payload", async () => {
    const message = await publish();
    await received(message);
    await deliveryOf(message);
    expect(await attemptsOf(message)).toMatchObject([{ detail: { change: { body: { text: "m=1" } } } }]);
    expect(await tenant.call("DELETE", `app/app/msg/${message}/content`)).toMatchObject({ status: 204 });
    expect(await attemptsOf(message)).toMatchObject([
      { detail: { change: { logs: null, body: null }, request: { method: "POST" } } },
    ]);
    await tenant.call("PATCH", CODE, { code: null });
    await setFormat({ body: "as-published" });
  });
});

describe("a test run", () => {
  const tryIt = async (fields: object) => {
    const response = await tenant.call("POST", `${ENDPOINT}/try`, { eventType: "a", payload: { n: 1 }, ...fields });
    expect(response).toMatchObject({ status: 200 });
    return response.json;
  };

  it("shows match, request and logs, without sending or storing anything", async () => {
    const before = receiver.requests.length;
    const code = handler("console.log('hi'); webhook.payload = [webhook.payload]; return webhook;");
    expect(await tryIt({ code, filter: { body: { n: 1 } } })).toEqual({
      outcome: "deliver",
      match: { matched: true, reason: null, clause: null, found: null, message: expect.any(String) },
      logs: ["hi"],
      cpuMs: expect.any(Number),
      request: {
        method: "POST",
        url: `${receiver.url}/hook?a=1`,
        contentType: "application/json",
        headers: [
          { name: "x-own", value: "1" },
          { name: "x-gone", value: "1" },
        ],
        body: { text: '[{"n":1}]', encoding: "utf-8", cut: false },
        bodyBytes: 9,
        differs: true,
      },
      error: null,
    });
    expect(receiver.requests).toHaveLength(before);
    expect((await tenant.call("GET", CODE)).json["code"]).toBeNull();
  });

  it("explains a filter that does not match, and still shows the change", async () => {
    const tried = await tryIt({ filter: { body: { n: 2 } }, format: { body: "form" } });
    expect(tried).toMatchObject({
      outcome: "unmatched",
      match: { matched: false, reason: "filter", clause: "body.n", found: "1" },
      cpuMs: null,
      request: { body: { text: "n=1" }, contentType: "application/x-www-form-urlencoded" },
    });
  });

  it("works on a published message, with the endpoint's own code while it is disabled", async () => {
    await tenant.call("PATCH", CODE, {
      code: handler("webhook.payload = webhook.id; return webhook;"),
      enabled: false,
    });
    const message = await publish();
    const { status, json } = await tenant.call("POST", `${ENDPOINT}/try`, { message });
    expect([status, json]).toMatchObject([200, { outcome: "deliver", request: { body: { text: message } } }]);
    expect(await tryIt({ code: null })).toMatchObject({ cpuMs: null, request: { body: { text: '{"n":1}' } } });
  });

  it.each([
    ["an error", "\n\n  webhook.a.b;", { code: "transform_failed", line: 3 }],
    ["a syntax error", "\n return (;", { code: "transform_failed", line: 2 }],
    ["an endless loop", "for (;;);", { code: "transform_failed", line: null }],
  ])("reports an error and its position: %s", async (_what, body, error) => {
    expect(await tryIt({ code: handler(body) })).toMatchObject({ outcome: "fail", request: null, error });
  });

  it("reports a cancellation, or that the format cannot be applied", async () => {
    expect(await tryIt({ code: handler("webhook.cancel = true; return webhook;") })).toMatchObject({
      outcome: "cancel",
    });
    expect(await tryIt({ code: null, payload: { "a[b]": 1 }, format: { body: "form" } })).toMatchObject({
      outcome: "fail",
      error: { code: "format_failed", message: expect.stringContaining("bracket") },
    });
    const bad = await tenant.call("POST", `${ENDPOINT}/try`, { payload: {}, format: { xmlRoot: "a b" } });
    expect(bad).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "format", "xmlRoot"] }] } });
  });
});
