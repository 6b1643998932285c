/** Responses under `/in/` that an attacker controls, opened in a real browser that is signed in to the dashboard. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, makeToken, startServer, type TestServer } from "@posthorn/testkit";
import type { Page } from "playwright-core";
import { Posthorn } from "posthorn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api } from "../lib/api.ts";
import { useBrowser } from "../lib/browser.ts";
import { Recorder } from "../lib/recorder.ts";
import { useWorld } from "../lib/world.ts";

const TITLE = "Untouched";
const STEAL = `document.title = "PWNED"; document.title += sessionStorage.getItem("posthorn.session");`;
const SCRIPT_PAGE = `<!doctype html><title>${TITLE}</title><script>${STEAL}</script><img src=x onerror='${STEAL}'>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><title>${TITLE}</title><script>${STEAL}</script></svg>`;
const XHTML = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>${TITLE}</title><script>${STEAL}</script></head></html>`;
const OPEN = {
  name: "Open to all",
  type: "generic-webhook",
  verification: { scheme: "none" },
  methods: ["GET", "POST"],
  deduplication: "off",
};

const browser = useBrowser();
const world = useWorld();

interface OpenSource {
  readonly id: string;
  readonly url: string;
}

async function makeSource(api: Api, fields: object): Promise<OpenSource> {
  const { json, status, text } = await api.post("/ingest/api/v1/source", { ...OPEN, ...fields });
  if (status !== 201) throw new Error(text);
  return { id: json.id as string, url: json.ingestUrl as string };
}

/** A source that returns the response of a hostile receiver. */
async function passingOn(api: Api, contentType: string, body = SCRIPT_PAGE): Promise<OpenSource> {
  world.receiver.respondWith({ status: 200, headers: { "content-type": contentType }, body });
  const source = await makeSource(api, { response: { body: "own", wait: { timeoutSeconds: 20 } } });
  await api.post(`/ingest/api/v1/source/${source.id}/endpoint`, { url: `${world.receiver.url}/evil` });
  return source;
}

/** Settings that an earlier version accepted, written into the row as it stored them. */
async function withStoredHeaders(server: TestServer, source: OpenSource, headers: object): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  await server.stop();
  using database = new DatabaseSync(join(server.dataDir, "posthorn.db"));
  const row = database.prepare("SELECT settings_json FROM source WHERE public_id = ?").get(source.id)!;
  const settings = JSON.parse(String(row["settings_json"])) as { response: object };
  const changed = JSON.stringify({ ...settings, response: { ...settings.response, headers } });
  database.prepare("UPDATE source SET settings_json = ? WHERE public_id = ?").run(changed, source.id);
}

/** A tab that is signed in to the pages at `origin`, so that there is a session to steal. */
async function signedIn(origin: string, token: string): Promise<Page> {
  const page = await browser.open({ refused: true });
  await page.goto(`${origin}/`);
  await page.evaluate((value) => sessionStorage.setItem("posthorn.session", value), token);
  return page;
}

/** Asserts that no script of the attacker ran, wherever the browser went. */
async function expectUnharmed(page: Page, origin: string, token: string): Promise<void> {
  await page.waitForLoadState("load");
  expect(await page.title()).not.toContain("PWNED");
  await page.goto(`${origin}/`);
  expect(await page.title()).not.toContain("PWNED");
  expect(await page.evaluate(() => sessionStorage.getItem("posthorn.session"))).toBe(token);
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
}

/** A third-party page that posts a form to the source as soon as it is loaded. */
async function strangerPosting(target: string): Promise<{ readonly url: string; readonly server: Server }> {
  const form = `<form method=post action="${target}"><input name=a value=b></form><script>document.forms[0].submit()</script>`;
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(form));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

describe("a page that a receiver returns and the server passes on", () => {
  it.each([
    ["text/html", SCRIPT_PAGE],
    ["text/html; x=json", SCRIPT_PAGE],
    ["application/xhtml+xml", XHTML],
    ["application/xml", XHTML],
    ["image/svg+xml", SVG],
  ])("runs no script, opened by a link or by a form on another site: %s", async (contentType, body) => {
    const { url: origin, token } = world.server;
    const { url } = await passingOn(world.api, contentType, body);
    const page = await signedIn(origin, token);
    await page.goto(url);
    await expectUnharmed(page, origin, token);
    const stranger = await strangerPosting(url);
    await page.goto(stranger.url);
    await page.waitForURL(url);
    await expectUnharmed(page, origin, token);
    stranger.server.close();
    await expect.poll(() => world.receiver.requests.length).toBeGreaterThanOrEqual(2);
  });
});

describe("the response of a source", () => {
  it("runs no script, as HTML or under a type that only resembles JSON", async () => {
    const { url: origin, token } = world.server;
    for (const type of ["text/html", "text/html; x=json"]) {
      const response = { headers: { "content-type": type }, body: `${SCRIPT_PAGE}{query:q}` };
      const { url } = await makeSource(world.api, { response });
      const page = await signedIn(origin, token);
      const reply = await page.goto(`${url}?q=${encodeURIComponent(SCRIPT_PAGE)}`);
      expect(await reply!.text()).toContain("&#60;script&#62;");
      await expectUnharmed(page, origin, token);
    }
  });

  it("runs no script with any stored policy, and cannot become a service worker", async () => {
    const code = `self.addEventListener("fetch", (event) => event.respondWith(new Response("OWNED")));`;
    const html = await makeSource(world.api, { response: { body: SCRIPT_PAGE } });
    const worker = await makeSource(world.api, { response: { body: code } });
    await withStoredHeaders(world.server, html, {
      "content-type": "text/html",
      "content-security-policy": "script-src * 'unsafe-inline'",
      "x-content-type-options": "none",
    });
    await withStoredHeaders(world.server, worker, {
      "content-type": "text/javascript",
      "service-worker-allowed": "/",
    });
    await world.restart();
    const { url: origin, token } = world.server;
    const page = await signedIn(origin, token);
    await page.goto(`${origin}${new URL(html.url).pathname}`);
    await expectUnharmed(page, origin, token);
    // Simulates a script that runs in the origin.
    const register = async (path: string): Promise<string> => {
      const registering = (script: string): Promise<string> =>
        navigator.serviceWorker.register(script, { scope: "/" }).then(
          () => "registered",
          () => "refused",
        );
      return page.evaluate(registering, path);
    };
    expect(await register(new URL(worker.url).pathname)).toBe("refused");
    await expectUnharmed(page, origin, token);
    // Nor can the page load it as a script, although the page's policy allows its own origin.
    const loading = (src: string): Promise<string> =>
      new Promise((resolve) => {
        const script = document.createElement("script");
        script.addEventListener("load", () => resolve("ran"));
        script.addEventListener("error", () => resolve("refused"));
        script.src = src;
        document.head.append(script);
      });
    expect(await page.evaluate(loading, new URL(worker.url).pathname)).toBe("refused");
  });
});

describe("mounted in a program", () => {
  const SECRET = "a secret of at least 32 characters";
  const ORGANISATION = "org_00000000000000000000default";
  const token = makeToken({ sub: ORGANISATION, exp: Math.floor(Date.now() / 1000) + 86_400 }, SECRET);
  let folder: string;
  let posthorn: Posthorn;
  let host: Server;
  let origin: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "posthorn-embedded-"));
    host = createServer((request, response) => {
      if (request.url!.startsWith("/hooks/")) posthorn.handler(request, response);
      else response.setHeader("content-type", "text/html").end("<title>The shop</title>");
    });
    await once(host.listen(0, "127.0.0.1"), "listening");
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    posthorn = await Posthorn.start({
      settings: {
        dataDir: folder,
        jwtSecret: SECRET,
        egressAllow: "external,loopback",
        publicUrl: `${origin}/hooks`,
        logLevel: "silent",
      },
    });
  });
  afterAll(async () => {
    host.close();
    host.closeAllConnections();
    await posthorn.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("returns only text and JSON in the origin of the program, and does not expose its session", async () => {
    const api = new Api(`${origin}/hooks`, token, new Recorder());
    const own = await makeSource(api, { response: { headers: { "content-type": "text/html" }, body: SCRIPT_PAGE } });
    for (const { url } of [own, await passingOn(api, "text/html"), await passingOn(api, "application/xml")]) {
      const reply = await fetch(url, { method: "POST", body: "{}" });
      expect(reply.headers.get("content-type")).toBe("text/plain");
      expect(reply.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
      const page = await signedIn(origin, token);
      await page.goto(url);
      await expectUnharmed(page, origin, token);
    }
  });
});

describe("with a separate origin", () => {
  let server: TestServer;

  afterAll(() => server[Symbol.asyncDispose]());

  it("a source is reachable only there, and a capture accepts a test request of the dashboard", async () => {
    const port = await freePort();
    const env = { POSTHORN_LISTEN: `127.0.0.1:${port}`, POSTHORN_INGEST_URL: `http://localhost:${port}` };
    // The live feed may still look up the last event when the server stops, and logs that.
    server = await startServer({ env, allowErrors: true });
    const api = new Api(server.url, server.token, new Recorder());
    const response = { headers: { "content-type": "text/html" }, body: SCRIPT_PAGE };
    const source = await makeSource(api, { response, expiresAt: new Date(Date.now() + 86_400_000).toISOString() });
    expect(source.url.startsWith(`http://localhost:${port}/in/`)).toBe(true);
    const page = await signedIn(server.url, server.token);
    const reply = await page.goto(source.url);
    expect(reply!.status()).toBe(200);
    await expectUnharmed(page, server.url, server.token);
    expect((await page.goto(source.url.replace("localhost", "127.0.0.1")))!.status()).toBe(421);
    expect((await page.goto(`http://localhost:${port}/`))!.status()).toBe(404);
    await page.goto(`${server.url}/capture/${source.id}`);
    await page.getByRole("button", { name: "Send test request" }).click();
    await page.getByText("Sent.", { exact: true }).waitFor();
    const events = async (): Promise<unknown[]> =>
      (await api.get(`/ingest/api/v1/source/${source.id}/event?limit=50`)).json.data as unknown[];
    await expect.poll(async () => (await events()).length).toBe(2);
  });
});
