/** Sources that poll a URL, against a real server. */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { responds, startWebServer, type WebServer, withEtag } from "./web-server.ts";

let scene: SourceScene;
let server: WebServer;
beforeEach(async () => {
  scene = await SourceScene.start();
  server = await startWebServer();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("changes of a response", () => {
  it("are events with its exact bytes, after a baseline, even if an earlier response returns", async () => {
    let body = '{"a": 1}';
    server.respond = (request, response) => withEtag(() => body)(request, response, "");
    const source = await scene.source("http", { url: server.url });
    expect(await scene.messages(source)).toEqual([]);
    await scene.next(source);
    expect(server.requests.at(-1)!.headers["if-none-match"]).toBeDefined();
    expect(await scene.messages(source)).toEqual([]);
    for (body of ['{"a": 2}', '{"a": 1}']) await scene.next(source);
    expect(await scene.messages(source)).toMatchObject([
      { eventType: "http.event", payload: { a: 2 } },
      { eventType: "http.event", payload: { a: 1 } },
    ]);
  });

  it("include the first response on request, and are found by their hash if there are no validators", async () => {
    server.respond = responds("one", { "content-type": "text/plain" });
    const source = await scene.source("http", { url: server.url, start: "all" });
    await scene.next(source);
    server.respond = responds("two", { "content-type": "text/plain" });
    await scene.next(source);
    expect(await scene.messages(source)).toHaveLength(2);
  });

  it("are found in headers with HEAD", async () => {
    server.respond = responds("", { "docker-content-digest": "sha256:a" });
    const source = await scene.source("http", { url: server.url, method: "HEAD" });
    server.respond = responds("", { "docker-content-digest": "sha256:b" });
    await scene.next(source);
    expect(server.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
    expect(await scene.messages(source)).toHaveLength(1);
  });

  it("are read through redirects, and decompressed", async () => {
    server.respond = (request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/moved" }).end();
      else
        response
          .writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" })
          .end(gzipSync('{"a": 1}'));
    };
    const source = await scene.source("http", { url: server.url, start: "all" });
    expect(await scene.payloads(source)).toEqual([{ a: 1 }]);
  });
});

describe("polls", () => {
  it("are spread: the interval is extended by up to 10 percent", async () => {
    server.respond = responds("{}");
    const source = await scene.source("http", { url: server.url, everySeconds: 600 });
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const { nextAt, lastSuccessAt } = await scene.next(source);
      waits.push((Date.parse(String(nextAt)) - Date.parse(String(lastSuccessAt))) / 1000);
    }
    for (const wait of waits) expect(wait).toBeLessThan(661);
    expect(Math.max(...waits)).toBeGreaterThan(601);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });
});

describe("every response", () => {
  it("is an event with its status, even if it is an error", async () => {
    server.respond = responds("{}", { "content-type": "application/json" });
    const source = await scene.source("http", { url: server.url, emit: "always" });
    server.respond = responds('{"is": "down"}', { "content-type": "application/json" }, 503);
    await scene.next(source);
    expect(await scene.payloads(source)).toEqual([{}, { is: "down" }]);
    const { json } = await scene.gateway.call("GET", `ingest/api/v1/source/${source.id}/event?limit=1`);
    const [newest] = json["data"] as { readonly id: string }[];
    const detail = await scene.gateway.call("GET", `ingest/api/v1/source/${source.id}/event/${newest!.id}`);
    expect(detail.text).toContain('"x-source-status"');
  });
});

describe("items of a list", () => {
  const list = (...ids: readonly number[]): string =>
    JSON.stringify({ data: ids.map((id) => ({ id, name: `item ${id}` })) });

  it("are events once each, from the oldest to the newest, and those without an ID are quarantined", async () => {
    server.respond = responds(list(3, 2, 1));
    const source = await scene.source("http", { url: server.url, emit: "items", items: "$.data[*]" });
    server.respond = responds(list(5, 4, 3, 2, 1));
    await scene.next(source);
    server.respond = responds('{"data": [{"id": 6}, {"name": "no ID"}]}');
    await scene.next(source);
    expect(await scene.payloads(source)).toEqual([{ id: 4, name: "item 4" }, { id: 5, name: "item 5" }, { id: 6 }]);
    expect(await scene.gateway.quarantine(source)).toMatchObject([{ reason: "item_without_id" }]);
  });

  it("are found and deleted by their event IDs, which can have any characters", async () => {
    const ids = ["orders/eu/17@1764", "a b?c#d%2F&e", "größe 🌡", "..", `long/${"x".repeat(250)}`, "y".repeat(300)];
    server.respond = (_request, response) => void response.end(JSON.stringify(ids.map((id) => ({ id }))));
    const source = await scene.source("http", { url: server.url, emit: "items", items: "$[*]", start: "all" });
    const messages = await scene.messages(source);
    expect(messages).toHaveLength(ids.length);
    const app = `api/v1/app/${source.id}`;
    for (const { id, eventId } of messages) {
      const name = encodeURIComponent(String(eventId));
      expect((await scene.gateway.call("GET", `${app}/msg/${name}`)).json).toMatchObject({ id });
      const found = await scene.gateway.call("GET", `api/v1/message?app_id=${source.id}&message_id=${name}`);
      expect(found.json["data"]).toMatchObject([{ id }]);
    }
    const eventIds = messages.map(({ eventId }) => String(eventId));
    const { json } = await scene.gateway.call("POST", `${app}/msg/bulk-expunge`, { ids: eventIds });
    expect(json["results"]).toEqual(Object.fromEntries(eventIds.map((id) => [id, "expunged"])));
  });

  it("are read page by page with a cursor until a page has nothing new", async () => {
    const pages: Record<string, string> = {
      "/?q=1": '{"data": [{"id": 6}, {"id": 5}], "next": "p2"}',
      "/?q=1&after=p2": '{"data": [{"id": 4}, {"id": 3}], "next": "p3"}',
      "/?q=1&after=p3": '{"data": [{"id": 2}, {"id": 1}], "next": null}',
    };
    server.respond = (request, response) => void response.end(pages[request.url!]);
    const config = {
      emit: "items",
      items: "$.data[*]",
      paging: "cursor",
      nextCursor: "$.next",
      cursorParameter: "after",
    };
    const source = await scene.source("http", { url: `${server.url}/?q=1`, start: "all", ...config });
    expect(await scene.payloads(source)).toEqual([1, 2, 3, 4, 5, 6].map((id) => ({ id })));
    pages["/?q=1"] = '{"data": [{"id": 7}, {"id": 6}], "next": "p2"}';
    await scene.next(source);
    // The second page has nothing new.
    expect(server.requests.slice(3).map(({ url }) => url)).toEqual(["/?q=1", "/?q=1&after=p2"]);
    expect(await scene.messages(source)).toHaveLength(7);
  });

  it("are read page by page through links, but not from another server", async () => {
    server.respond = (request, response) => {
      const next = request.url === "/" ? "/2" : "http://127.0.0.1:1/3";
      response.writeHead(200, { link: `<${next}>; rel="next"` }).end(`[{"id": "${request.url}"}]`);
    };
    const config = { emit: "items", items: "$[*]", paging: "link", start: "all" };
    const source = await scene.source("http", { url: server.url, ...config });
    expect(await scene.payloads(source)).toEqual([{ id: "/2" }, { id: "/" }]);
  });
});

describe("a request", () => {
  it("contains credentials, headers and body, which are in no response of the API", async () => {
    const config = {
      method: "POST",
      body: '{"q": 1}',
      auth: "basic",
      username: "me",
      password: "s3cret-password",
      headers: "X-Api-Key: s3cret-key\nX-Other: b",
    };
    const source = await scene.source("http", { url: server.url, ...config });
    expect(server.requests).toMatchObject([
      {
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from("me:s3cret-password").toString("base64")}`,
          "x-api-key": "s3cret-key",
          "content-type": "application/json",
        },
      },
    ]);
    const shown = await scene.gateway.call("GET", `ingest/api/v1/source/${source.id}`);
    expect(shown.text).not.toContain("s3cret");
    expect(shown.json["configured"]).toEqual(expect.arrayContaining(["password", "headers"]));
    const moved = {
      name: "Test source",
      kind: "http",
      config: { url: "http://127.0.0.1:1/", auth: "basic", username: "me" },
    };
    const changed = await scene.gateway.call("PUT", `ingest/api/v1/source/${source.id}`, moved);
    expect(changed).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "config", "password"] }, {}] } });
  });
});

describe("failures", () => {
  it.each([
    [401, "credentials_refused"],
    [404, "target_not_found"],
    [429, "rate_limited"],
    [503, "target_unavailable"],
    [418, "target_refused"],
  ])("with HTTP %i have the code %s, and a growing pause", async (status, code) => {
    server.respond = responds("", {}, status);
    const source = await scene.source("http", { url: server.url });
    expect(await scene.state(source)).toMatchObject({ state: "failing", failures: 1, error: { code } });
    const state = await scene.next(source);
    expect(state).toMatchObject({ failures: 2 });
    expect(Date.parse(String(state["nextAt"])) - scene.clock.now()).toBeGreaterThan(55_000);
    server.respond = responds("{}");
    expect(await scene.next(source)).toMatchObject({ state: "waiting", failures: 0, error: null });
  });

  it("wait as long as the server requests", async () => {
    server.respond = responds("", { "retry-after": "3600" }, 429);
    const source = await scene.source("http", { url: server.url });
    const state = await scene.state(source);
    expect(Date.parse(String(state["nextAt"])) - scene.clock.now()).toBeGreaterThan(3_500_000);
  });

  it("include addresses that the rules of the server block, redirects to them, and responses that are too large", async () => {
    const refused = await scene.source("http", { url: "http://169.254.169.254/latest" });
    expect(await scene.state(refused)).toMatchObject({ state: "failing", error: { code: "address_refused" } });
    server.respond = (request, response) => {
      if (request.url === "/large") response.end(Buffer.alloc(9 * 1024 * 1024));
      else response.writeHead(302, { location: "http://169.254.169.254/latest" }).end();
    };
    const redirected = await scene.source("http", { url: server.url });
    expect(await scene.state(redirected)).toMatchObject({ error: { code: "address_refused" } });
    const large = await scene.source("http", { url: `${server.url}/large` });
    expect(await scene.state(large)).toMatchObject({ error: { code: "response_too_large" } });
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])(
    "include small responses that decompress to more than the limit, which are not decompressed further (%s)",
    async (encoding, compress) => {
      const body = compress(Buffer.alloc(9 * 1024 * 1024));
      expect(body.byteLength).toBeLessThan(10_000);
      server.respond = (_request, response) => void response.writeHead(200, { "content-encoding": encoding }).end(body);
      const source = await scene.source("http", { url: server.url });
      expect(await scene.state(source)).toMatchObject({ state: "failing", error: { code: "response_too_large" } });
    },
  );

  it.each([
    ["zstd", "unknown compression"],
    ["gzip", "is damaged"],
  ])("include responses that cannot be decompressed (%s)", async (encoding, message) => {
    server.respond = responds("not compressed", { "content-encoding": encoding });
    const source = await scene.source("http", { url: server.url });
    const error = { code: "protocol_error", message: expect.stringContaining(message) };
    expect(await scene.state(source)).toMatchObject({ state: "failing", error });
  });

  it("include a document that cannot be read as JSON", async () => {
    server.respond = responds("<html>");
    const source = await scene.source("http", { url: server.url, emit: "items", items: "$[*]" });
    expect(await scene.state(source)).toMatchObject({ state: "failing", error: { code: "unreadable" } });
  });
});
