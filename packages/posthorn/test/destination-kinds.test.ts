/** Endpoints of destination kinds, over the HTTP API of a real node. */
import { pino } from "pino";
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkConfig, secretsOf } from "../src/fields/config.ts";
import { connectionKind } from "../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../src/destinations/kinds.ts";
import { EXAMPLE_KIND } from "./support/example-kind.ts";
import { registerKind } from "./support/kinds.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const TOKEN = "token-that-must-stay-secret";
const PASSWORD = "password-that-must-stay-secret";
const ENDPOINT = "app/app/endpoint";

/**
 * Each kind with a configuration of the examples of its fields, and the secrets in it. Kinds whose examples are not a valid configuration
 * are omitted: their own tests have one.
 */
const KINDS_WITH_SECRETS = Object.entries(DESTINATION_KINDS).flatMap(([name, kind]) => {
  const given = Object.fromEntries(
    Object.entries(kind.fields).flatMap(([field, { example, secret, type, ...declared }]) => {
      const hidden = secret && !("pattern" in declared) && type === "text" ? `hidden-${name}-${field}` : example;
      if (hidden === undefined || !(secret || declared.required)) return [];
      return [[field, type === "integer" ? Number(hidden) : hidden]];
    }),
  );
  const checked = checkConfig(kind, given, null);
  const secrets = checked.kind === "valid" ? secretsOf(kind, checked.config).filter((one) => one.length > 5) : [];
  return secrets.length === 0 ? [] : [[name, given, secrets] as const];
});

let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const logged: string[] = [];
const folder = temporaryFolder();
const registered = registerKind("exampleQueue", EXAMPLE_KIND);

beforeAll(async () => {
  receiver = await startReceiver();
  const log = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "" }, log });
  tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver.close();
  folder[Symbol.dispose]();
  registered[Symbol.dispose]();
});

beforeEach(async () => {
  // Endpoints of earlier tests would receive the messages of this one.
  const { json } = await tenant.call("GET", `${ENDPOINT}?limit=250`);
  for (const { id } of json["data"] as { id: string }[]) await tenant.call("DELETE", `${ENDPOINT}/${id}`);
  receiver.clear();
  receiver.respondWith({ status: 200, body: "reference-1" });
});

const config = () => ({ serverUrl: receiver.url, queue: "invoices", token: TOKEN, password: PASSWORD });
let number = 0;

/** A new endpoint of the example kind; its uid. */
async function created(changes: object = {}): Promise<string> {
  const uid = `queue-${number++}`;
  const answer = await tenant.call("POST", ENDPOINT, { uid, kind: "exampleQueue", config: config(), ...changes });
  if (answer.status !== 201) throw new Error(answer.text);
  return uid;
}

function problem(loc: readonly string[], msg: unknown) {
  return { status: 422, json: { detail: [expect.objectContaining({ loc: ["body", ...loc], msg })] } };
}

describe("an endpoint of a kind with a configuration", () => {
  it("is created with it, and shows its target and everything except secrets", async () => {
    const uid = await created();
    const shown = {
      kind: "exampleQueue",
      url: `${receiver.url}/invoices`,
      config: { serverUrl: receiver.url, queue: "invoices", delaySeconds: 5, compress: false, region: null },
      configSecrets: { token: true, password: true },
    };
    expect((await tenant.call("GET", `${ENDPOINT}/${uid}`)).json).toMatchObject(shown);
    const { json } = await tenant.call("GET", `${ENDPOINT}?limit=250`);
    expect(json["data"]).toContainEqual(expect.objectContaining({ uid, ...shown }));
  });

  it("receives published messages through its kind, and the attempt has the target's ID for the message", async () => {
    const uid = await created({ eventTypes: null, channels: ["through"] });
    const { json } = await tenant.call("POST", "app/app/msg", {
      eventType: "a",
      channels: ["through"],
      payload: { n: 1 },
    });
    const request = await receiver.waitFor(({ headers }) => headers["x-id"] === json["id"]);
    expect(request.body.toString()).toBe('{"n":1}');
    expect(request.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "webhook-signature": expect.any(String),
    });
    const detail = await eventually(async () => {
      const list = await tenant.call("GET", `app/app/attempt/endpoint/${uid}`);
      const [attempt] = list.json["data"] as { id: string }[];
      return (await tenant.call("GET", `app/app/msg/${String(json["id"])}/attempt/${attempt!.id}`)).json["detail"];
    });
    expect(detail).toMatchObject({ reference: "reference-1", duplicate: false, change: null });
    const { headers } = (detail as { request: { headers: { name: string; value: string | null }[] } }).request;
    expect(headers).toContainEqual({ name: "authorization", value: null });
  });

  it("keeps secrets that an update omits, and requires all of them again when the target changes", async () => {
    const uid = await created();
    expect(await tenant.call("PATCH", `${ENDPOINT}/${uid}`, { config: { region: "eu" } })).toMatchObject({
      status: 200,
      json: { config: { region: "eu", queue: "invoices" }, configSecrets: { token: true, password: true } },
    });
    const moved = { config: { serverUrl: "https://elsewhere.example.com" } };
    const refused = await tenant.call("PATCH", `${ENDPOINT}/${uid}`, moved);
    expect(refused.status).toBe(422);
    const locs = (refused.json["detail"] as { loc: string[] }[]).map(({ loc }) => loc.at(-1));
    expect(locs).toEqual(["token", "password"]);
    const withSecrets = { config: { ...moved.config, token: "new-token", password: null } };
    expect(await tenant.call("PATCH", `${ENDPOINT}/${uid}`, withSecrets)).toMatchObject({
      status: 200,
      json: { url: "https://elsewhere.example.com/invoices", configSecrets: { token: true, password: false } },
    });
  });

  it("keeps its configuration in a replacement without one, and resets fields that a new one omits", async () => {
    const uid = await created({ config: { ...config(), region: "us" } });
    expect(await tenant.call("PUT", `${ENDPOINT}/${uid}`, { uid, description: "new" })).toMatchObject({
      status: 200,
      json: { description: "new", config: { region: "us" } },
    });
    const { token: _token, password: _password, ...open } = config();
    expect(await tenant.call("PUT", `${ENDPOINT}/${uid}`, { uid, kind: "exampleQueue", config: open })).toMatchObject({
      status: 200,
      json: { config: { region: null }, configSecrets: { token: true, password: true } },
    });
  });

  it.each([
    ["an unknown kind", { kind: "carrierPigeon" }, ["kind"], /^This server has no destination kind/],
    ["a URL", { url: "https://a.example.com/" }, ["url"], /have no URL/],
    ["an unknown field", { config: { colour: "red" } }, ["config", "colour"], /^Unknown field/],
    ["a blocked port", { config: { serverUrl: "https://a.example.com:22" } }, ["config", "serverUrl"], /^Port 22/],
    ["a field of the wrong form", { config: { queue: "A" } }, ["config", "queue"], /^Does not have the expected form/],
  ])("is rejected with %s", async (_, changes, loc, msg) => {
    const body = {
      kind: "exampleQueue",
      ...changes,
      config: { ...config(), ...(changes as { config?: object }).config },
    };
    expect(await tenant.call("POST", ENDPOINT, body)).toMatchObject(problem(loc, expect.stringMatching(msg)));
  });

  it("never changes its kind", async () => {
    const uid = await created();
    const cannot = problem(["kind"], expect.stringMatching(/cannot be changed/));
    expect(
      await tenant.call("PATCH", `${ENDPOINT}/${uid}`, { kind: "http", url: "https://a.example.com/" }),
    ).toMatchObject(cannot);
    expect(
      await tenant.call("PUT", `${ENDPOINT}/${uid}`, { kind: "http", url: "https://a.example.com/" }),
    ).toMatchObject(cannot);
  });

  it("has no settings that only webhooks have", async () => {
    const uid = await created();
    const egress = `${ENDPOINT}/${uid}/egress`;
    const auth = { auth: { type: "bearer", token: "x" } };
    expect(await tenant.call("PUT", egress, auth)).toMatchObject(
      problem(["auth"], expect.stringMatching(/webhooks only/)),
    );
    const verify = await tenant.call("POST", `${ENDPOINT}/${uid}/verify`, {});
    expect(verify).toMatchObject(problem(["method"], expect.stringMatching(/webhooks and CloudEvents only/)));
    const policy = await tenant.call("PATCH", `${ENDPOINT}/${uid}/policy`, { signing: { style: "github" } });
    expect(policy).toMatchObject(problem(["signing"], expect.stringMatching(/webhooks only/)));
  });

  it("can be tested: the message is marked, and the response is returned", async () => {
    const uid = await created();
    receiver.respondWith({ status: 401, body: `no such token ${TOKEN}` });
    const { status, json } = await tenant.call("POST", `${ENDPOINT}/${uid}/test`, { eventType: "posthorn.ping" });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      message: { eventType: "posthorn.ping", tags: ["webhook.test"] },
      attempt: {
        status: 2,
        errorCode: "credentials_refused",
        response: "no such token ***",
        detail: { sentence: 'Example Queue said "no such token ***". Check the queue.' },
      },
    });
  });
});

describe("a message to a kind with a configuration", () => {
  it("has the document that code for batches returned for its event", async () => {
    const uid = await created();
    const code = 'function handler({ events }) { return { config: { format: "json", key: "k" }, data: events }; }';
    const transformation = `${ENDPOINT}/${uid}/transformation`;
    expect((await tenant.call("PATCH", transformation, { code, enabled: true })).status).toBe(204);
    const { json } = await tenant.call("POST", "app/app/msg", { eventType: "invoice.paid", payload: { n: 1 } });
    const request = await receiver.waitFor(({ headers }) => headers["x-id"] === json["id"]);
    expect(JSON.parse(request.body.toString())).toEqual([{ eventType: "invoice.paid", payload: { n: 1 } }]);
  });

  it("has the body and content type that the transformation returned, and the attempt shows them", async () => {
    const uid = await created({ channels: ["changed"] });
    const code = "function handler(webhook) { webhook.payload = { sum: webhook.payload.n + 1 }; return webhook; }";
    const transformation = `${ENDPOINT}/${uid}/transformation`;
    expect(await tenant.call("PATCH", transformation, { code, enabled: true })).toMatchObject({ status: 204 });
    await tenant.call("POST", "app/app/msg", { eventType: "a", channels: ["changed"], payload: { n: 1 } });
    const request = await receiver.waitFor(({ body }) => body.includes("sum"));
    expect(request.body.toString()).toBe('{"sum":2}');
    const { json } = await eventually(async () => {
      const list = await tenant.call("GET", `app/app/attempt/endpoint/${uid}`);
      const [attempt] = list.json["data"] as { id: string; msgId: string }[];
      return tenant.call("GET", `app/app/msg/${attempt!.msgId}/attempt/${attempt!.id}`);
    });
    expect(json["detail"]).toMatchObject({ reference: "reference-1", change: { body: { text: '{"sum":2}' } } });
  });

  it("contains its ordering key, or the ID of an endpoint that delivers everything in order", async () => {
    await created({ channels: ["keyed"] });
    const whole = await created({ channels: ["whole"] });
    await tenant.call("PATCH", `${ENDPOINT}/${whole}/policy`, { order: { by: "endpoint" } });
    const { json } = await tenant.call("GET", `${ENDPOINT}/${whole}`);
    for (const channel of ["keyed", "whole"]) {
      const message = { eventType: channel, channels: [channel], orderingKey: "customer-1", payload: {} };
      await tenant.call("POST", "app/app/msg", message);
    }
    const requests = await receiver.waitForCount(2);
    const keys = requests.map(({ headers }) => headers["x-order"]);
    expect(new Set(keys)).toEqual(new Set(["customer-1", String(json["id"])]));
  });

  it("fails without using the network if it is too large, and is not retried", async () => {
    const uid = await created();
    const payload = { text: "a".repeat(10_001) };
    const { json } = await tenant.call("POST", `${ENDPOINT}/${uid}/test`, { eventType: "posthorn.ping", payload });
    const text = "The message has 10012 bytes, and Example Queue accepts up to 10000.";
    expect(json["attempt"]).toMatchObject({
      errorCode: "message_too_large",
      response: expect.stringContaining(text),
      detail: { request: null, sentence: expect.stringContaining(text), nextAttempt: null },
    });
    expect(receiver.requests).toEqual([]);
    // A message that was never sent says nothing about the endpoint.
    expect((await tenant.call("GET", `${ENDPOINT}/${uid}/state`)).json).toMatchObject({
      state: "active",
      failing: null,
    });
  });
});

describe("an endpoint of a kind that this version does not know", () => {
  it("keeps its deliveries on hold and says why, while all other operations still work", async () => {
    const uid = await created({ channels: ["future"] });
    await node.services.store.transaction(async ({ db, signal }) => {
      const of = db.updateTable("endpoint").set({ kind: "carrierPigeon" }).where("uid", "=", uid);
      const [row] = await of.returning("app_id").execute();
      signal({ kind: "application", key: row!.app_id });
    });
    const { json } = await tenant.call("POST", "app/app/msg", { eventType: "a", channels: ["future"], payload: {} });
    const state = await tenant.call("GET", `${ENDPOINT}/${uid}/state`);
    const sentence = expect.stringMatching(/^This server has no destination kind "carrierPigeon"/);
    expect(state.json).toMatchObject({ state: "unavailable", reason: sentence, failing: null });
    const deliveries = await tenant.call("GET", `app/app/msg/${String(json["id"])}/delivery`);
    expect(deliveries.json["data"]).toMatchObject([{ state: "held", heldReason: "endpoint_kind_unavailable" }]);
    expect(await tenant.call("GET", `${ENDPOINT}/${uid}`)).toMatchObject({
      status: 200,
      json: { kind: "carrierPigeon" },
    });
    const changed = await tenant.call("PATCH", `${ENDPOINT}/${uid}`, { description: "kept" });
    expect(changed).toMatchObject({ status: 200, json: { description: "kept" } });
    expect(receiver.requests).toEqual([]);
    await node.services.store.transaction(async ({ db, signal }) => {
      const of = db.updateTable("endpoint").set({ kind: "exampleQueue" }).where("uid", "=", uid);
      const [row] = await of.returning(["app_id", "id"]).execute();
      signal({ kind: "application", key: row!.app_id }, { kind: "wake", endpointId: row!.id });
    });
    await receiver.waitFor(({ headers }) => headers["x-id"] === json["id"]);
  });
});

it("an endpoint that sends over a connection is rejected in an application with a proxy, which it would bypass", async () => {
  await tenant.call("POST", "app", { name: "Behind a proxy", uid: "proxied" });
  const proxy = { url: "http://127.0.0.1:3128" };
  expect(await tenant.call("PUT", "app/proxied/egress", { proxy })).toMatchObject({ status: 204 });
  const [kind] = Object.entries(DESTINATION_KINDS).find(([, { family }]) => family === "connection")!;
  const refused = await tenant.call("POST", "app/proxied/endpoint", { kind, config: {} });
  expect(refused).toMatchObject(problem(["kind"], expect.stringMatching(/sends through a proxy/)));
  const http = await tenant.call("POST", "app/proxied/endpoint", { kind: "exampleQueue", config: config() });
  expect(http).toMatchObject({ status: 201 });
});

describe("a webhook", () => {
  it("is created, changed and shown as before there were kinds", async () => {
    const { json, status } = await tenant.call("POST", ENDPOINT, { url: "https://a.example.com/hook", uid: "hook" });
    expect([status, json["kind"], json["config"]]).toEqual([201, "http", undefined]);
    expect(await tenant.call("PATCH", `${ENDPOINT}/hook`, { url: "https://b.example.com/" })).toMatchObject({
      status: 200,
    });
    const required = problem(["url"], "This field is required.");
    expect(await tenant.call("POST", ENDPOINT, { description: "no URL" })).toMatchObject(required);
    expect(await tenant.call("PUT", `${ENDPOINT}/hook`, {})).toMatchObject(required);
    const none = problem(["config"], expect.stringMatching(/have no configuration/));
    expect(await tenant.call("PATCH", `${ENDPOINT}/hook`, { config: { a: 1 } })).toMatchObject(none);
  });
});

describe("the list of destination kinds", () => {
  it("describes every field, and is open to customers", async () => {
    const portal = await tenant.portal(["ViewBase"]);
    const { json } = await portal.call("GET", "destination-kinds");
    const kinds = json["data"] as { kind: string }[];
    expect(kinds.find(({ kind }) => kind === "exampleQueue")).toMatchObject({
      title: "Example Queue",
      group: "queue",
      idempotency: "key",
      ordering: "key",
      available: true,
      problem: null,
      limits: { bodyBytes: 10_000, batch: null },
      fields: expect.arrayContaining([
        expect.objectContaining({ name: "queue", type: "text", required: true, secret: false, pattern: "[a-z]+" }),
        expect.objectContaining({ name: "token", secret: true }),
        expect.objectContaining({ name: "serverUrl", isTarget: true }),
      ]),
      conditional: null,
    });
  });

  it("does not claim for every queue what only FIFO queues guarantee", async () => {
    const { json } = await tenant.call("GET", "destination-kinds");
    const kinds = json["data"] as { kind: string }[];
    expect(kinds.find(({ kind }) => kind === "sqs")).toMatchObject({
      idempotency: "none",
      ordering: "none",
      conditional: { appliesTo: "FIFO queues", idempotency: "key", ordering: "key" },
    });
  });
});

/** How a node treats a kind that it cannot send to, and the endpoint `ep` of this kind. */
async function outcomesAt(of: TestNode, kind: string): Promise<object> {
  const own = new Tenant(of);
  const refused = await own.call("POST", ENDPOINT, { kind, config: config() });
  const { json } = await own.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
  const deliveries = await eventually(async () => {
    const { json: list } = await own.call("GET", `app/app/msg/${String(json["id"])}/delivery`);
    const found = list["data"] as { state: string }[];
    if (found[0]?.state !== "held") throw new Error(JSON.stringify(found));
    return found;
  });
  const kinds = (await own.call("GET", "destination-kinds")).json["data"] as { kind: string }[];
  return {
    refused,
    deliveries,
    endpoint: (await own.call("GET", `${ENDPOINT}/ep/state`)).json,
    listed: kinds.find((one) => one.kind === kind),
    attempts: (await own.call("GET", "app/app/attempt/endpoint/ep")).json["data"],
    requests: receiver.requests,
  };
}

/** New endpoints are rejected, and the deliveries of existing ones are on hold without using up attempts. */
function unavailable(code: string, sentence: RegExp): object {
  const reason: unknown = expect.stringMatching(sentence);
  return {
    refused: problem(["kind"], reason),
    deliveries: [{ state: "held", heldReason: "endpoint_kind_unavailable" }],
    endpoint: { state: "unavailable", reason },
    listed: { available: false, problem: { code } },
    attempts: [],
    requests: [],
  };
}

/** Creates an application with the endpoint `ep` of a kind. */
async function createBefore(folderPath: string, kind: string): Promise<void> {
  await using before = await startNode(folderPath);
  const own = new Tenant(before);
  await own.call("POST", "app", { name: "Test", uid: "app" });
  const answer = await own.call("POST", ENDPOINT, { kind, config: config(), uid: "ep" });
  if (answer.status !== 201) throw new Error(answer.text);
}

describe("a kind that the operator does not allow", () => {
  it("is rejected for new endpoints, and puts the deliveries of existing ones on hold without using up attempts", async () => {
    using place = temporaryFolder();
    await createBefore(place.path, "exampleQueue");
    await using after = await startNode(place.path, { env: { POSTHORN_DESTINATIONS: "http" } });
    const sentence = /^This server does not allow Example Queue destinations\. The operator can add "exampleQueue"/;
    expect(await outcomesAt(after, "exampleQueue")).toMatchObject(unavailable("kind_not_allowed", sentence));
  });
});

describe("a kind that needs a package which is not installed", () => {
  it("is rejected for new endpoints, naming the package, and puts the deliveries of existing ones on hold", async () => {
    const declaredWith = (packages: readonly string[]) =>
      connectionKind({ ...EXAMPLE_KIND, family: "connection", title: "Example Broker", packages, ports: null });
    using place = temporaryFolder();
    using kinds = new DisposableStack();
    const installed = kinds.use(registerKind("exampleBroker", declaredWith([])));
    await createBefore(place.path, "exampleBroker");
    installed[Symbol.dispose]();
    kinds.use(registerKind("exampleBroker", declaredWith(["posthorn-no-such-client@2"])));
    await using after = await startNode(place.path);
    const sentence =
      /^Example Broker destinations need a package .*Run "npm i posthorn-no-such-client@2" where Posthorn/;
    expect(await outcomesAt(after, "exampleBroker")).toMatchObject(unavailable("kind_unavailable", sentence));
  });
});

/** Paths that show an endpoint, its messages, or its attempts. */
const pathsOf = (uid: string, message: string): readonly string[] => [
  `${ENDPOINT}/${uid}`,
  ENDPOINT,
  "app/app/destination",
  `${ENDPOINT}/${uid}/headers`,
  `${ENDPOINT}/${uid}/egress`,
  `${ENDPOINT}/${uid}/state`,
  `${ENDPOINT}/${uid}/policy`,
  `${ENDPOINT}/${uid}/msg`,
  `app/app/attempt/endpoint/${uid}?with_msg=true`,
  `app/app/attempt/msg/${message}`,
  `app/app/msg/${message}/delivery`,
  `app/app/msg/${message}/endpoint`,
  "stats/now",
];

/** Everything that the API returns about an endpoint, its operational webhooks, and the log. */
async function allTexts(uid: string, answers: readonly string[]): Promise<readonly string[]> {
  const published = await tenant.call("POST", "app/app/msg", { eventType: "any", payload: { n: 1 } });
  const paths = pathsOf(uid, String(published.json["id"]));
  const shown = await Promise.all(paths.map(async (path) => (await tenant.call("GET", path)).text));
  const operational = receiver.requests
    .filter(({ path }) => path === "/operational")
    .map(({ body }) => body.toString());
  return [...answers, ...shown, ...operational, ...logged];
}

describe("secrets of a configuration", () => {
  beforeAll(async () => {
    const answer = await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/operational` });
    if (answer.status !== 201) throw new Error(answer.text);
  });

  it("are in no response of the API, operational webhook or log line, even if the destination repeats them", async () => {
    const uid = await created();
    receiver.respondWith(({ path, headers }) =>
      path === "/operational" ? 204 : { status: 500, body: JSON.stringify(headers) },
    );
    const { json } = await tenant.call("POST", `${ENDPOINT}/${uid}/test`, { eventType: "posthorn.ping" });
    await tenant.call("PATCH", `${ENDPOINT}/${uid}`, { disabled: true });
    await receiver.waitFor(({ path, body }) => path === "/operational" && body.includes("endpoint.disabled"));
    const texts = await allTexts(uid, [JSON.stringify(json)]);
    expect(texts.filter((text) => text.includes(TOKEN) || text.includes(PASSWORD))).toEqual([]);
  });

  it.each(KINDS_WITH_SECRETS)(
    "of the kind %s are in no response of the API or log line",
    async (kind, given, secrets) => {
      const uid = `secret-${kind}`;
      const answers: string[] = [];
      const change = async (method: string, path: string, body: object): Promise<number> => {
        const { status, text } = await tenant.call(method, path, body);
        answers.push(text);
        return status;
      };
      expect(await change("POST", ENDPOINT, { uid, kind, config: given, disabled: true })).toBe(201);
      expect(await change("PATCH", `${ENDPOINT}/${uid}`, { kind, config: given })).toBe(200);
      await change("PATCH", `${ENDPOINT}/${uid}`, { config: { unknown: "field" } });
      const texts = await allTexts(uid, answers);
      expect(texts.filter((text) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
      await tenant.call("DELETE", `${ENDPOINT}/${uid}`);
    },
  );
});
