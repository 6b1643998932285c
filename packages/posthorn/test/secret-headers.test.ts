/** Headers that contain secrets, in every response that shows headers. */
import { request as httpRequest } from "node:http";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestGateway, type TestSource } from "./support/gateway.ts";
import { HARMLESS_HEADERS, SECRET_HEADERS } from "./support/secret-headers.ts";

const OWN = "canary-of-the-endpoint";
const INBOUND = "canary-of-the-sender";
const CODE = "canary-of-the-code";
/** Names that HTTP or Posthorn sets itself. */
const ownable = SECRET_HEADERS.filter((name) => name !== "set-cookie");

let gateway: TestGateway;
let source: TestSource;
let rejecting: TestSource;
let endpoint: string;
let readOnly: string;

beforeAll(async () => {
  gateway = await TestGateway.start();
  const open = { type: "generic-webhook", verification: { scheme: "none" }, allowUnsigned: true };
  source = await gateway.source({ ...open, deduplication: "off" }, { uid: "ep" });
  rejecting = await gateway.source({ type: "github" }, false);
  const { json } = await gateway.call("GET", `api/v1/app/${source.id}/endpoint/ep`);
  endpoint = `api/v1/app/${source.id}/endpoint/${String(json["id"])}`;
  const access = await gateway.call("POST", `api/v1/auth/app-portal-access/${source.id}`, { readOnly: true });
  readOnly = access.json["token"] as string;
});

afterAll(() => gateway[Symbol.asyncDispose]());

const withValue = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]));

/** Sends a request with all of these headers to a source. */
function receive(url: string, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest(url, { method: "POST", headers }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on("error", reject);
  request.end('{"n":1}');
  return promise;
}

async function textOf(path: string, token = gateway.node.token): Promise<string> {
  const response = await fetch(`${gateway.node.url}/${path}`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return response.text();
}

describe("headers of an endpoint", () => {
  it("show harmless values, and only the names of secret ones, to every token", async () => {
    const headers = {
      ...withValue(ownable, OWN),
      ...withValue(HARMLESS_HEADERS, "visible"),
      "x-other": `Bearer ${OWN}`,
    };
    expect((await gateway.call("PUT", `${endpoint}/headers`, { headers })).status).toBe(204);
    for (const token of [gateway.node.token, readOnly]) {
      const text = await textOf(`${endpoint}/headers`, token);
      expect(text).not.toContain("canary");
      expect(JSON.parse(text)).toEqual({
        headers: withValue(HARMLESS_HEADERS, "visible"),
        sensitive: expect.arrayContaining([...ownable, "x-other"]),
      });
    }
  });

  it("can be set for operational webhooks and sources, with the same list", async () => {
    const made = await gateway.call("POST", "api/v1/operational-webhook/endpoint", { url: "https://example.com/" });
    const path = `api/v1/operational-webhook/endpoint/${String(made.json["id"])}/headers`;
    expect((await gateway.call("PUT", path, { headers: withValue(ownable, OWN) })).status).toBe(204);
    const id = endpoint.split("/").at(-1)!;
    for (const text of [await textOf(path), await textOf(`ingest/api/v1/source/${source.id}/endpoint/${id}/headers`)]) {
      expect(text).not.toContain("canary");
      expect(text).toContain("x-functions-key");
    }
  });
});

it("appear in no response: attempts, inbound events, quarantine, dry runs, filters and the live feed", async () => {
  const live = new AbortController();
  const feed = await fetch(`${gateway.node.url}/api/v1/live`, {
    signal: live.signal,
    headers: { authorization: `Bearer ${gateway.node.token}` },
  });
  let told = "";
  const reading = (async () => {
    for await (const chunk of feed.body!.pipeThrough(new TextDecoderStream())) told += chunk;
  })().catch(() => undefined);

  const headers = { "content-type": "application/json", "x-seen": "seen", ...withValue(SECRET_HEADERS, INBOUND) };
  // The endpoint's own headers replace the inbound ones, so one request is forwarded without custom headers.
  await gateway.call("PUT", `${endpoint}/headers`, { headers: {} });
  expect(await receive(source.url, headers)).toBe(200);
  const passed = await eventually(() => {
    const [request] = gateway.receiver.requests;
    if (request === undefined) throw new Error("nothing yet");
    return Promise.resolve(request);
  });
  expect(passed.headers).toMatchObject({ "x-functions-key": INBOUND, "private-token": INBOUND, cookie: INBOUND });
  await gateway.call("PUT", `${endpoint}/headers`, { headers: withValue(ownable, OWN) });
  await receive(source.url, headers);
  expect(await receive(rejecting.url, headers)).toBeGreaterThanOrEqual(400);
  const [rejected] = await gateway.quarantine(rejecting);

  const messages = await eventually(async () => {
    const found = await gateway.messages(source);
    expect(found).toHaveLength(2);
    return found;
  });
  const texts: string[] = [];
  for (const { id } of messages) {
    const attempts = `api/v1/app/${source.id}/attempt/msg/${String(id)}`;
    const attempt = await eventually(async () => {
      const { data } = JSON.parse(await textOf(attempts)) as { data: { id: string }[] };
      if (data[0] === undefined) throw new Error("no attempt yet");
      return data[0];
    });
    texts.push(
      await textOf(`${attempts}?withContent=true`),
      await textOf(`api/v1/app/${source.id}/msg/${String(id)}/attempt/${attempt.id}`),
      await textOf(`api/v1/app/${source.id}/msg/${String(id)}`, readOnly),
      await textOf(`api/v1/app/${source.id}/msg/${String(id)}/matching`),
      await textOf(`ingest/api/v1/source/${source.id}/event/${String(id)}`),
    );
    // Code sees the request without its credentials, and the same list hides headers that it sets itself.
    const dryRun = await gateway.call("POST", `${endpoint}/try`, {
      message: id,
      code: `function handler(webhook) {
        console.log(JSON.stringify(webhook));
        webhook.headers = ${JSON.stringify(withValue(ownable, CODE))};
        return webhook;
      }`,
    });
    expect(dryRun).toMatchObject({ status: 200, json: { request: { headers: expect.any(Array) } } });
    texts.push(dryRun.text);
    // An explanation shows the value that a clause did not match.
    for (const name of SECRET_HEADERS) {
      const filter = { headers: { [name]: "no" } };
      const explained = await gateway.call("POST", `${endpoint}/filter/explain`, { message: id, filter });
      expect(explained.json).toMatchObject({ matched: false, found: null });
      texts.push(explained.text);
    }
  }
  texts.push(await textOf(`ingest/api/v1/source/${source.id}/event`));
  texts.push(await textOf(`ingest/api/v1/source/${rejecting.id}/quarantine`));
  texts.push(await textOf(`ingest/api/v1/source/${rejecting.id}/quarantine/${String(rejected!["id"])}`));
  live.abort();
  await reading;
  expect(told).toContain(String(messages[0]!["id"]));
  texts.push(told);
  for (const text of texts) expect(text).not.toContain("canary");
  const all = texts.join("\n").toLowerCase();
  expect(SECRET_HEADERS.filter((name) => !all.includes(name))).toEqual([]);
  expect(all).toContain('"seen"');
});

it("of a request to a source with expiresAt appear in no response", async () => {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const capture = await gateway.source({ type: "generic-webhook", allowUnsigned: true, expiresAt }, false);
  const headers = { "content-type": "application/json", "x-seen": "seen", ...withValue(SECRET_HEADERS, INBOUND) };
  expect(await receive(capture.url, headers)).toBe(200);
  const [message] = await gateway.messages(capture);
  const texts = [
    await textOf(`ingest/api/v1/source/${capture.id}/event`),
    await textOf(`ingest/api/v1/source/${capture.id}/event/${String(message!["id"])}`),
  ];
  for (const text of texts) expect(text).not.toContain("canary");
  expect(texts[1]).toContain('"seen"');
  const shown = texts[1]!.toLowerCase();
  expect(SECRET_HEADERS.filter((name) => !shown.includes(name))).toEqual([]);
});

it("of a receiver's response appear in no response", async () => {
  const names = SECRET_HEADERS.filter((name) => name !== "www-authenticate");
  const headers = { ...withValue(names, "canary-of-the-receiver"), "x-seen": "seen", "www-authenticate": "Bearer" };
  gateway.receiver.respondWith({ status: 401, headers });
  await gateway.call("POST", "api/v1/app", { name: "Responses", uid: "responses" });
  await gateway.call("POST", "api/v1/app/responses/endpoint", { url: gateway.receiver.url });
  const { json } = await gateway.call("POST", "api/v1/app/responses/msg", { eventType: "a", payload: {} });
  const attempts = `api/v1/app/responses/attempt/msg/${String(json["id"])}`;
  const list = await eventually(async () => {
    const text = await textOf(`${attempts}?withContent=true`);
    const { data } = JSON.parse(text) as { data: { id: string }[] };
    if (data[0] === undefined) throw new Error("no attempt yet");
    return { text, id: data[0].id };
  });
  const detail = await textOf(`api/v1/app/responses/msg/${String(json["id"])}/attempt/${list.id}`);
  expect(list.text + detail).not.toContain("canary");
  expect(detail).toContain('"seen"');
  expect(detail).toContain('"Bearer"');
  expect(names.filter((name) => !detail.toLowerCase().includes(name))).toEqual([]);
});
