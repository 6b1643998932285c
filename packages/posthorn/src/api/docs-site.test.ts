import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeAll, afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { PosthornError } from "../lib/errors.ts";
import { type DocsAccess, registerDocsSite } from "./docs-site.ts";

const folder = temporaryFolder();
const apps: FastifyInstance[] = [];
const HTML = { accept: "text/html" };

beforeAll(() => {
  mkdirSync(`${folder.path}/features`);
  mkdirSync(`${folder.path}/v0.1.0`);
  for (const file of ["index.html", "delivery.html", "delivery.md", "features/retries.html", "v0.1.0/index.html"]) {
    writeFileSync(`${folder.path}/${file}`, file);
  }
  writeFileSync(`${folder.path}/delivery.html.br`, brotliCompressSync("delivery.html"));
  writeFileSync(`${folder.path}/version.json`, "{}");
  writeFileSync(`${folder.path}/404.html`, '<a href="{root}delivery">');
  writeFileSync(`${folder.path}/v0.1.0/version.json`, "{}");
});

afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
afterAll(() => folder[Symbol.dispose]());

async function serve(access: DocsAccess = "public", base = ""): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true } });
  apps.push(app);
  const identify = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): Promise<void> =>
    headers["authorization"] === undefined
      ? Promise.reject(new PosthornError("authentication_failed", "Sign in."))
      : Promise.resolve();
  await registerDocsSite(app, { folder: folder.path, access, base, identify });
  return app;
}

describe("the documentation", () => {
  it.each([
    ["/docs/", "index.html"],
    ["/docs/delivery", "delivery.html"],
    ["/docs/delivery.md", "delivery.md"],
    ["/docs/features/retries?x=1", "features/retries.html"],
    ["/docs/v0.1.0/", "v0.1.0/index.html"],
  ])("serves %s to anyone, with a content security policy without exceptions", async (url, body) => {
    const response = await (await serve()).inject({ url });
    expect([response.statusCode, response.body]).toEqual([200, body]);
    expect(response.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-cache" });
    expect(response.headers["content-security-policy"]).not.toContain("unsafe");
  });

  it.each([
    ["/docs", "/hooks/docs/"],
    ["/docs/delivery/", "/hooks/docs/delivery"],
    ["/docs/v0.1.0", "/hooks/docs/v0.1.0/"],
  ])("redirects %s, because links are relative", async (url, location) => {
    const response = await (await serve("public", "/hooks")).inject({ url });
    expect([response.statusCode, response.headers.location]).toEqual([301, location]);
  });

  it("sends compressed files, and 304 for a page that has not changed", async () => {
    const app = await serve();
    const headers = { "accept-encoding": "br" };
    const first = await app.inject({ url: "/docs/delivery", headers });
    expect(first.headers).toMatchObject({ "content-encoding": "br", "content-type": "text/html; charset=utf-8" });
    const again = await app.inject({
      url: "/docs/delivery",
      headers: { ...headers, "if-none-match": first.headers.etag },
    });
    expect(again.statusCode).toBe(304);
  });

  it.each(["/docs/missing", "/docs/features", "/docs/..%2fsecret", "/docs/%2e%2e/secret", "/docs/a%00b", "/docs/%zz"])(
    "has no page %s",
    async (url) => {
      const response = await (await serve()).inject({ url });
      expect(response.statusCode).toBeGreaterThanOrEqual(400);
      expect(response.body).not.toContain(folder.path);
    },
  );

  it.each([
    ["/docs/missing", "./"],
    ["/docs/features/missing?x=1", "../"],
    ["/docs/v0.1.0/missing/", "../../"],
    ["/docs/a%00b", "./"],
    ["/docs/404.html", "./"],
  ])(
    "responds at %s with a page that links to the site for people, and with an error for programs",
    async (url, root) => {
      const app = await serve();
      const page = await app.inject({ url, headers: HTML });
      expect([page.statusCode, page.body]).toEqual([404, `<a href="${root}delivery">`]);
      expect(page.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
      expect(page.headers["content-security-policy"]).not.toContain("unsafe");
      const error = await app.inject({ url });
      expect([error.statusCode, error.body]).toEqual([404, expect.stringContaining("GET /docs/llms.txt")]);
    },
  );

  it("gives a file the same ETag on every node, and a different one when its content changes", async () => {
    const app = await serve();
    const tagOf = async (): Promise<unknown> => (await app.inject({ url: "/docs/delivery.md" })).headers.etag;
    const before = await tagOf();
    // As on another node, which has built or unpacked it at another time.
    utimesSync(`${folder.path}/delivery.md`, 1, 1);
    expect(await tagOf()).toBe(before);
    writeFileSync(`${folder.path}/delivery.md`, "delivery.MD");
    expect(await tagOf()).not.toBe(before);
    writeFileSync(`${folder.path}/delivery.md`, "delivery.md");
    expect(await tagOf()).toBe(before);
  });

  it("can be turned off", async () => {
    expect((await (await serve("off")).inject({ url: "/docs/" })).statusCode).toBe(404);
  });

  it("can be restricted to authenticated callers: people are redirected to the sign-in page", async () => {
    const app = await serve("signed-in");
    const page = await app.inject({ url: "/docs/delivery", headers: HTML });
    expect([page.statusCode, page.headers.location]).toEqual([302, "/sign-in"]);
    await expect(app.inject({ url: "/docs/delivery.md" })).resolves.not.toMatchObject({ statusCode: 200 });
    const known = await app.inject({ url: "/docs/delivery", headers: { ...HTML, authorization: "Bearer x" } });
    expect([known.statusCode, known.headers["cache-control"]]).toEqual([200, "private, no-cache"]);
  });
});
