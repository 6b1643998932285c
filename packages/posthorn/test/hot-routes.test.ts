/**
 * The routes in front of Fastify respond like Fastify's own: the same requests to a node with them and to one without. A second node with them
 * reads ordinary requests without Node's HTTP server.
 */
import { makeToken } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Front } from "../src/api/front.ts";
import { githubHeaders } from "./support/gateway.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { rawRequests } from "./support/raw-http.ts";
import { temporaryFolder } from "./support/store.ts";

const BEFORE = Object.getOwnPropertyDescriptor(Front.prototype, "before")!.value as Front["before"];
/** Path of the request that ends each connection. */
const LAST = "/health/live";
/** Node's server reads a connection that begins with this. */
const FOR_NODE = [`GET ${LAST} HTTP/1.1\r\nhost: x\r\n\r\n`];
const HOOK = "s3cret";
const MAX_PAYLOAD = 100_000;

interface Side {
  readonly node: TestNode;
  /** Replaces `{name}` in requests. */
  readonly words: Readonly<Record<string, string>>;
}

interface Responses {
  readonly hot: string;
  readonly fastify: string;
  readonly direct: string;
  readonly isHot: boolean;
  readonly isDirect: boolean;
}

interface Compared {
  readonly different: readonly object[];
  readonly hot: number;
  readonly direct: number;
}

/** Three nodes with the same settings and objects. The second does not have the routes in front of Fastify. */
class Pair implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #sides: Side[] = [];
  #passed = 0;
  /** Requests that Node's HTTP server has read. */
  #read = 0;

  static async start(env: Record<string, string> = {}): Promise<Pair> {
    const pair = new Pair();
    using spy = vi.spyOn(Front.prototype, "before").mockImplementation(function (this: Front, fastify) {
      const listener = BEFORE.call(this, (request, response) => {
        if (request.url !== LAST) pair.#passed++;
        fastify(request, response);
      });
      return (request, response) => {
        if (request.url !== LAST) pair.#read++;
        listener(request, response);
      };
    });
    for (const onlyFastify of [false, true, false]) {
      const folder = pair.#stack.use(temporaryFolder());
      const settings = { POSTHORN_MAX_PAYLOAD_BYTES: String(MAX_PAYLOAD), ...env };
      const node = pair.#stack.use(await startNode(folder.path, { env: settings, onlyFastify }));
      pair.#sides.push({ node, words: await prepare(node) });
    }
    if (spy.mock.calls.length !== 3) throw new Error("The nodes have no front.");
    return pair;
  }

  /** The responses of the nodes, whether the first one responded without Fastify, and whether the last one did without Node's server. */
  async responses(request: string): Promise<Responses> {
    const [first, second, third] = this.#sides as [Side, Side, Side];
    const passed = this.#passed;
    const hot = await responseOf(first, request, FOR_NODE);
    const isHot = this.#passed === passed;
    const fastify = await responseOf(second, request, FOR_NODE);
    const read = this.#read;
    const direct = await responseOf(third, request, []);
    return { hot, fastify, direct, isHot, isDirect: this.#read === read };
  }

  /** Sends requests to the nodes. Returns those with different responses, and how many did not need Fastify, and Node's server. */
  async compare(requests: readonly string[]): Promise<Compared> {
    const different: object[] = [];
    let hotCount = 0;
    let directCount = 0;
    for (const request of requests) {
      const { hot, fastify, direct, isHot, isDirect } = await this.responses(request);
      if (isHot) hotCount++;
      if (isDirect) directCount++;
      if (hot !== fastify || direct !== fastify)
        different.push({ request: request.slice(0, 2000), hot, fastify, direct });
    }
    return { different, hot: hotCount, direct: directCount };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Creates the objects that the requests refer to. */
async function prepare(node: TestNode): Promise<Readonly<Record<string, string>>> {
  const call = async (path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(node.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  const app = await call("/api/v1/app", { name: "App", uid: "app-1" });
  const portal = await call(`/api/v1/auth/app-portal-access/${app["id"]}`, {});
  const plain = await call("/ingest/api/v1/source", { name: "GitHub", type: "github", secrets: [HOOK] });
  const open = await call("/ingest/api/v1/source", {
    name: "Open",
    type: "generic-webhook",
    rateLimit: 1000,
    maxBodyBytes: 2000,
    verification: { scheme: "none", eventType: [], deliveryId: [], occurredAt: [] },
  });
  return {
    app: app["id"]!,
    token: node.token,
    other: await node.tokenOf("org_000000000000000000000other"),
    portal: portal["token"]!,
    github: new URL(plain["ingestUrl"]!).pathname,
    open: new URL(open["ingestUrl"]!).pathname,
    forged: makeToken({ sub: `org_${"x".repeat(27)}` }, "another-secret-another-secret-another"),
  };
}

/**
 * The response to a request, without the parts that differ between nodes: times, ids and tokens.
 *
 * @param before Requests that precede it on the connection.
 */
async function responseOf({ node, words }: Side, request: string, before: readonly string[]): Promise<string> {
  const own = request.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
  // The last request closes the connection, and shows whether the previous one had closed it.
  const end = `GET ${LAST} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
  const responses = await rawRequests(node.url, [...before, own, end]);
  const response = responses.slice(before.length).join("");
  const known = Object.entries(words).reduce((text, [name, word]) => text.replaceAll(word, `{${name}}`), response);
  return known
    .replace(/^date: .*$/gim, "date")
    .replace(/^retry-after: \d+/gim, "retry-after")
    .replace(/msg_[0-9A-Za-z]{27}/g, "msg_")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "time")
    .replace(new RegExp(node.url.slice("http://".length), "g"), "host");
}

type Headers = Readonly<Record<string, string>>;

const AUTHORIZED: Headers = { authorization: "Bearer {token}", "content-type": "application/json" };

function http(target: string, body: string | null, headers: Headers = {}, method = "POST"): string {
  const all = {
    host: "x",
    ...headers,
    ...(body === null ? {} : { "content-length": String(Buffer.byteLength(body)) }),
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${target} HTTP/1.1`, ...head].join("\r\n")}\r\n\r\n${body ?? ""}`;
}

const PUBLISH = "/api/v1/app/{app}/msg";
const BODY = '{"eventType":"user.created","payload":{"id":1.0,"name":"Zoë"}}';

function publish(body: string | null, headers: Headers = {}, target = PUBLISH): string {
  return http(target, body, { ...AUTHORIZED, ...headers });
}

const BODIES: readonly string[] = [
  BODY,
  '{ "payload" : { "a" : [ 1, 2.50, "\\u00e9\\"" ] } , "eventType" : "a.b" }',
  '{"eventType":"a","data":{"x":1}}',
  '{"eventType":"a","data":{"x":1},"payload":{"y":2}}',
  '{"eventType":"a","payload":{"x":1},"payload":{"x":2}}',
  '{"eventType":"a","eventType":"b","payload":{}}',
  '{"eventType":"a","pay\\u006coad":{"x":1}}',
  '{"eventType":"a","payload":{"__proto__":{"x":1},"constructor":1}}',
  '{"__proto__":{"eventType":"a"},"payload":{}}',
  '{"eventType":"a","payload":[1]}',
  '{"eventType":"a","payload":"text"}',
  '{"eventType":"a","payload":"text',
  '{"eventType":"a","payload":null}',
  '{"eventType":"a","payload":12}',
  '{"eventType":"a","payload":-}',
  '{"eventType":"a","payload":{"a":01}}',
  '{"eventType":"a","payload":{"a":1e400}}',
  '{"eventType":"a","payload":{"a":1,}}',
  '{"eventType":"a","payload":{"a" 1}}',
  '{"eventType":"a","payload":{"a":"\\x"}}',
  '{"eventType":"a","payload":{"a":"\u0001"}}',
  '{"eventType":"a","payload":{"a":tru}}',
  '{"eventType":"a","payload":{}}}',
  '{"eventType":"a","payload":{}} ',
  '\t\r\n{"eventType":"a","payload":{}}\n',
  '\ufeff{"eventType":"a","payload":{}}',
  `{"eventType":"a","payload":${'{"a":'.repeat(600)}1${"}".repeat(600)}}`,
  `{"eventType":"a","payload":{},"tags":${"[".repeat(300)}${"]".repeat(300)}}`,
  `{"eventType":"a","payload":{},"more":${"[".repeat(300)}${"]".repeat(300)}}`,
  '{"eventType":"","payload":{}}',
  '{"eventType":"a b","payload":{}}',
  '{"eventType":7,"payload":{}}',
  '{"payload":{}}',
  '{"eventType":"a"}',
  "{}",
  "[]",
  '"text"',
  "null",
  "1",
  "{",
  "nonsense",
  '{"eventType":"a","payload":{},"unknown":1}',
  '{"eventType":"a","payload":{},"eventId":"event-1"}',
  '{"eventType":"a","payload":{},"eventId":"event-1"}',
  '{"eventType":"a","payload":{},"eventId":"msg_1"}',
  '{"eventType":"a","payload":{},"eventId":null,"channels":null,"tags":null,"orderingKey":null}',
  '{"eventType":"a","payload":{},"channels":["a","b"],"tags":["t\\u00e4g"],"orderingKey":"k\\"\\\\"}',
  '{"eventType":"a","payload":{},"channels":[]}',
  '{"eventType":"a","payload":{},"tags":["1","2","3","4","5","6"]}',
  '{"eventType":"a","payload":{},"delaySeconds":60,"ttlSeconds":60}',
  '{"eventType":"a","payload":{},"delaySeconds":0}',
  '{"eventType":"a","payload":{},"delaySeconds":"5"}',
  '{"eventType":"a","payload":{},"delaySeconds":5,"deliverAt":"2030-01-01T00:00:00Z"}',
  '{"eventType":"a","payload":{},"deliverAt":"2020-01-01T00:00:00Z"}',
  '{"eventType":"a","payload":{},"deliverAt":"tomorrow"}',
  '{"eventType":"a","payload":{},"expiresAt":"2020-01-01T00:00:00Z"}',
  '{"eventType":"a","payload":{},"payloadRetentionPeriod":5,"payloadRetentionHours":5}',
  '{"eventType":"a","payload":{},"application":{"name":"New"}}',
  '{"eventType":"a","transformationsParams":{"rawPayload":"<a/>","headers":{"content-type":"application/xml"}}}',
  '{"eventType":"a","transformationsParams":{"rawPayload":"MTIuMw==","rawPayloadEncoding":"base64"}}',
  '{"eventType":"a","transformationsParams":{"rawPayload":"12.3x"}}',
  '{"eventType":"a","payload":{"x":1},"transformationsParams":{"rawPayload":"caf\\u00e9"}}',
  `{"eventType":"a","payload":{"text":"${"x".repeat(MAX_PAYLOAD)}"}}`,
  `{"eventType":"a","payload":{"text":"${"é".repeat(MAX_PAYLOAD / 2)}"}}`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(70_000)}"}}`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(140_000)}"}}`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(70_000)}"}}`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(70_000)}"},"payload":{"x":1}}`,
  `{"eventType":"a","payload":[${"1,".repeat(40_000)}1]}`,
  `{"eventType":"a","payload":${'{"a":'.repeat(12_000)}1${"}".repeat(12_000)}}`,
  `{"eventType":"a","payload":{},"more":${"[".repeat(40_000)}${"]".repeat(40_000)}}`,
  `{"eventType":"a","payload":{},"more":[${"1,".repeat(60_000)}1]}`,
  `{"eventType":"a","payload":{},"tags":["${"y".repeat(70_000)}"]}`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(70_000)}"},`,
  `{"eventType":"a","payload":{"text":"${"x".repeat(300_000)}"}}`,
];

const TARGETS: readonly string[] = [
  "/api/v1/app/app-1/msg",
  "/api/v1/app/app%2D1/msg",
  "/api/v1/app/app-2/msg",
  `/api/v1/app/${"a".repeat(301)}/msg`,
  "/api/v1/app//msg",
  "/api/v1/app/%/msg",
  "/api//v1/app/app-1/msg",
  "/api/v1/app/app-1/msg/",
  "/api/v1/app/app-1/msg#part",
  "/API/v1/app/app-1/msg",
  "http://host/api/v1/app/app-1/msg",
  ...[
    "",
    "?",
    "?with_content=true",
    "?with_content=false",
    "?with_content=no",
    "?with_content=",
    "?other=1&with_content=false",
  ].flatMap((query) => [`${PUBLISH}${query}`, `${PUBLISH}/${query}`]),
];

const HEADERS: readonly Headers[] = [
  {},
  { authorization: "bearer {token}" },
  { authorization: "Bearer  {token}" },
  { authorization: "Bearer {token}|eu" },
  { authorization: "Bearer {token} x" },
  { authorization: "Bearer {other}" },
  { authorization: "Bearer {portal}" },
  { authorization: "Bearer {forged}" },
  { authorization: "Bearer nonsense" },
  { authorization: "Basic e30=" },
  { authorization: "" },
  { origin: "https://example.com" },
  { "content-type": "text/plain" },
  { "content-type": "application/x-ndjson" },
  { "content-type": "nonsense" },
  { "content-encoding": "gzip" },
  { connection: "close" },
  { connection: "keep-alive" },
  { expect: "100-continue" },
  { expect: "nothing" },
  { "idempotency-key": "" },
  { "idempotency-key": "key-1" },
  { "idempotency-key": "key-1" },
  { "idempotency-key": "auto_1" },
  { "x-forwarded-for": "10.0.0.1", "x-forwarded-host": "hooks.example.com" },
  { "x-http-method-override": "DELETE" },
];

const RAW: readonly string[] = [
  publish(null),
  publish(null, { "content-length": "0" }),
  publish(BODY, {}, PUBLISH).replace("host: x\r\n", ""),
  publish(BODY).replace("host: x\r\n", "host: x\r\nhost: y\r\n"),
  publish(BODY).replace("HTTP/1.1", "HTTP/1.0"),
  publish(BODY).replace("authorization", "AUTHORIZATION"),
  publish(BODY).replace(/authorization: (.*)\r\n/, "authorization: $1\r\nauthorization: Bearer x\r\n"),
  publish(BODY).replace(/authorization: (.*)\r\n/, "authorization: Bearer x\r\nauthorization: $1\r\n"),
  publish(BODY, { "idempotency-key": "key-2" }).replace("content-type", "idempotency-key: key-3\r\ncontent-type"),
  http(PUBLISH, '5\r\n{"eve\r\n0\r\n\r\n', { ...AUTHORIZED, "transfer-encoding": "chunked" }).replace(
    /content-length: .*\r\n/,
    "",
  ),
  ...["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"].map((method) => http(PUBLISH, null, AUTHORIZED, method)),
];

/** Numbers from 0 to below `below`, the same in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A body with random changes to its bytes. All remain ASCII, so that a failure can be read. */
function damaged(body: string, next: (below: number) => number): string {
  const letters = '{}[]",:\\ \n0123456789.-+eEtrufalsnx\u0001';
  let text = body.length > 2000 ? BODY : body;
  for (let count = next(3); count >= 0; count--) {
    const at = next(text.length + 1);
    text = text.slice(0, at) + letters[next(letters.length)]! + text.slice(at + next(3));
  }
  return text;
}

describe.each([
  ["with default settings", {}],
  [
    "with any CORS origin and a separate origin of inbound webhooks",
    { POSTHORN_CORS_ORIGINS: "*", POSTHORN_INGEST_URL: "https://hooks.example.com" },
  ],
  [
    "behind a proxy, with one CORS origin",
    { POSTHORN_TRUSTED_PROXIES: "127.0.0.1", POSTHORN_CORS_ORIGINS: "https://example.com" },
  ],
])("a server %s", (_title, env) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.start(env);
    // Both nodes have looked the tokens up.
    for (const token of ["token", "other", "portal"])
      await pair.responses(publish(BODY, { authorization: `Bearer {${token}}` }));
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it("responds in the same way to every body", async () => {
    // Bodies of more than 256 KiB go to Fastify.
    const count = BODIES.length - 1;
    const { different, hot, direct } = await pair.compare(BODIES.map((body) => publish(body)));
    expect({ different, hot }).toEqual({ different: [], hot: count });
    // Long bodies may arrive in pieces.
    expect(direct).toBeGreaterThanOrEqual(count - 2);
  });

  it("responds in the same way to publish requests with every target and header, and to unusual ones", async () => {
    const requests = [
      ...TARGETS.map((target) => publish(BODY, {}, target)),
      ...HEADERS.map((headers) => publish(BODY, headers)),
      ...RAW,
    ];
    expect((await pair.compare(requests)).different).toEqual([]);
  });

  it("responds in the same way to random publish requests", async () => {
    const next = seeded(17);
    const requests = Array.from({ length: 300 }, () => {
      const headers = next(4) === 0 ? HEADERS[next(HEADERS.length)]! : {};
      const target = next(4) === 0 ? TARGETS[next(TARGETS.length)]! : PUBLISH;
      return publish(damaged(BODIES[next(BODIES.length)]!, next), headers, target);
    });
    const { different, hot, direct } = await pair.compare(requests);
    expect(different).toEqual([]);
    expect(hot).toBeGreaterThan(100);
    expect(direct).toBeGreaterThan(100);
  });

  it("responds in the same way to inbound webhooks", async () => {
    const host = "POSTHORN_INGEST_URL" in env ? "hooks.example.com" : "x";
    const inbound = (target: string, body: string | null, headers: Headers = {}, method = "POST"): string =>
      http(target, body, { ...headers, host }, method);
    const signed = githubHeaders(HOOK, BODY, "d-1");
    const typed = { "content-type": "application/json" };
    const ordinary = [
      inbound("{github}", BODY, signed),
      inbound("{github}", BODY, signed),
      inbound("{github}", `${BODY} `, signed),
      inbound("{github}", BODY),
      inbound("{github}?a=b#c", BODY, { ...signed, "x-github-delivery": "d-2" }),
      inbound("{open}", '{"type":"a"}'),
      inbound("{open}/more/path?q", '{"type":"a"}', { ...typed, connection: "close" }),
      inbound("{open}", "", { "content-length": "0" }),
      inbound("{open}", null),
      inbound("{open}", "x".repeat(3000)),
      inbound("{open}", '{"type":"a"}', { "sec-fetch-dest": "script" }),
      inbound("{open}", '{"type":"a"}', { "x-posthorn-hops": "9" }),
      inbound("{open}", '{"type":"a"}', { origin: "https://example.com", expect: "100-continue" }),
      inbound("{open}", "4\r\n{}  \r\n0\r\n\r\n", { "transfer-encoding": "chunked" }).replace(
        /content-length: .*\r\n/,
        "",
      ),
      inbound(`/in/${"0".repeat(40)}`, BODY),
    ];
    const { different, hot, direct } = await pair.compare(ordinary);
    expect({ different, hot }).toEqual({ different: [], hot: ordinary.length });
    // Without a length, a connection that stays open, or with an expectation or a fragment, Node's server reads them.
    expect(direct).toBe(ordinary.length - 5);
    const others = [
      ...["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"].map((method) => inbound("{open}", null, {}, method)),
      inbound("{open}/", BODY),
      inbound("/in/short", BODY),
      inbound("{open}/a%2Fb", BODY),
      inbound("{open}/a//b", BODY),
      inbound("{open}/%", BODY),
      inbound("//in/x", BODY),
      inbound("{open}", BODY, { "x-forwarded-for": "1.2.3.4" }),
      http("{open}", BODY, { host: "elsewhere.example.com" }),
      http("{open}", BODY).replace("host: x\r\n", ""),
      http("{open}", BODY).replace("HTTP/1.1", "HTTP/1.0"),
    ];
    expect((await pair.compare(others)).different).toEqual([]);
  });
});
