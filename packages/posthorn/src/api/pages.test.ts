import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import type { PageBuildState } from "./page-build.ts";
import { type PagesOptions, registerPages } from "./pages.ts";

const PAGE = { accept: "text/html" };

let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

/** A server whose pages are being built, and the states of their builds. */
async function serverWithBuilds(options: Partial<PagesOptions> = {}, app: FastifyInstance = Fastify()) {
  const { path } = stack.use(temporaryFolder());
  const builds = { dashboard: { state: building("step 1 of 3") }, docs: { state: building("step 1 of 2") } };
  stack.defer(() => app.close());
  const page = await registerPages(app, {
    base: "",
    docs: "public",
    frameAncestors: [],
    ingestUrl: "",
    portalLook: { name: null, logo: null },
    portalLanguages: [],
    trustedProxies: [],
    pageBuilds: builds,
    folders: { dashboard: `${path}/web`, docs: `${path}/docs` },
    identify: () => Promise.reject(new Error("no caller")),
    respondNotFound: (_request, response) => response.code(404).send("nothing here"),
    prepare: () => undefined,
    ...options,
  });
  app.setNotFoundHandler((request, response) => page(request, response) ?? response.code(404).send("nothing here"));
  return { app, builds, write: () => writePages(path) };
}

function building(step: string): PageBuildState {
  return { kind: "building", step };
}

function writePages(path: string): void {
  mkdirSync(`${path}/web/assets`, { recursive: true });
  writeFileSync(`${path}/web/index.html`, "<html><head></head>the dashboard</html>");
  writeFileSync(`${path}/web/embed.js`, "// the portal");
  writeFileSync(`${path}/web/assets/main-1.js`, "// the script");
  mkdirSync(`${path}/docs`);
  writeFileSync(`${path}/docs/index.html`, "the documentation");
  writeFileSync(`${path}/docs/version.json`, "{}");
}

describe("pages that are being built", () => {
  it.each([
    ["/messages", "The dashboard is being built", "step 1 of 3"],
    ["/docs/", "The documentation is being built", "step 1 of 2"],
  ])("%s shows the current step and reloads itself", async (url, title, step) => {
    const { app } = await serverWithBuilds();
    const { statusCode, body, headers } = await app.inject({ url, headers: PAGE });
    expect([statusCode, body]).toEqual([503, expect.stringContaining(title)]);
    expect(body).toContain(step);
    const script = /<script>(.*)<\/script>/.exec(body)![1]!;
    const hash = createHash("sha256").update(script).digest("base64");
    expect(headers["content-security-policy"]).toContain(`script-src 'sha256-${hash}'`);
  });

  it.each([
    ["GET", "/api/v1/nothing", PAGE],
    ["GET", "/in/token", PAGE],
    ["POST", "/messages", PAGE],
    ["GET", "/assets/main-1.js", {}],
  ] as const)("%s %s gets the response of a server without pages", async (method, url, headers) => {
    const { app } = await serverWithBuilds();
    expect(await app.inject({ method, url, headers })).toMatchObject({ statusCode: 404, body: "nothing here" });
  });

  it.each([
    ["the address that a trusted proxy names", ["127.0.0.1"], "203.0.113.7"],
    ["the address of the connection, without a trusted proxy", [], "127.0.0.1"],
  ])("use %s, even after a late build", async (_, trustedProxies, address) => {
    const seen: string[] = [];
    const identify: PagesOptions["identify"] = ({ ip }) => Promise.resolve(seen.push(ip));
    const { app, builds, write } = await serverWithBuilds({ docs: "signed-in", trustedProxies, identify });
    write();
    builds.docs.state = { kind: "ready" };
    await app.inject({ url: "/docs/", headers: { ...PAGE, "x-forwarded-for": "203.0.113.7" } });
    expect(seen).toEqual([address]);
  });

  it("are served as soon as their build has finished, without a restart", async () => {
    const { app, builds, write } = await serverWithBuilds();
    await app.inject({ url: "/", headers: PAGE });
    write();
    builds.dashboard.state = { kind: "ready" };
    expect((await app.inject({ url: "/messages", headers: PAGE })).body).toContain("the dashboard");
    expect((await app.inject({ url: "/assets/main-1.js" })).body).toBe("// the script");
    expect((await app.inject({ url: "/portal/embed.js" })).body).toBe("// the portal");
    expect((await app.inject({ url: "/unknown.js" })).statusCode).toBe(404);
    expect((await app.inject({ url: "/docs/", headers: PAGE })).statusCode).toBe(503);
    builds.docs.state = { kind: "ready" };
    expect((await app.inject({ url: "/docs/", headers: PAGE })).body).toBe("the documentation");
  });

  it("log faults in languages of the operator, which are known only when the built-in ones are there", async () => {
    const lines: unknown[] = [];
    const texts = new Map([["old.text", "x"]]);
    const { app, builds, write } = await serverWithBuilds(
      { portalLanguages: [{ tag: "it", name: "Italiano", texts, content: "{}" }] },
      Fastify({ logger: { level: "warn", stream: { write: (line) => void lines.push(JSON.parse(line)) } } }),
    );
    write();
    builds.dashboard.state = { kind: "ready" };
    await app.inject({ url: "/portal", headers: PAGE });
    expect(lines).toMatchObject([{ language: "it", unknown: ["old.text"] }]);
  });

  it("show why their build failed, as text, and do not reload", async () => {
    const { app, builds } = await serverWithBuilds();
    builds.dashboard.state = { kind: "failed", message: "<script>exit code 1" };
    const { statusCode, body } = await app.inject({ url: "/", headers: PAGE });
    expect([statusCode, body]).toEqual([503, expect.stringContaining("&lt;script&gt;exit code 1")]);
    expect(body).not.toContain("<script>");
  });
});
