import { mkdirSync, writeFileSync } from "node:fs";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { registerWeb } from "./web.ts";

const folder = temporaryFolder();
let app: FastifyInstance;

beforeAll(async () => {
  mkdirSync(`${folder.path}/assets`);
  writeFileSync(
    `${folder.path}/index.html`,
    '<html><head><title>Posthorn</title><link rel="icon" href="./assets/posthorn.svg" /></head></html>',
  );
  writeFileSync(`${folder.path}/embed.js`, "");
  writeFileSync(`${folder.path}/THIRD-PARTY-NOTICES.txt`, "good 1.0.0 (MIT) — © A");
  app = Fastify();
  const pages = await registerWeb(app, {
    folder: folder.path,
    base: "",
    frameAncestors: [],
    ingestUrl: "",
    hasDocs: false,
    portalLook: { name: "A & B", logo: "https://b.example/l.svg" },
    portalLanguages: [],
  });
  app.setNotFoundHandler((request, response) => pages(request, response) ?? response.code(404).send());
});

afterAll(async () => {
  await app.close();
  folder[Symbol.dispose]();
});

describe("the third-party notices", () => {
  it("are served without authentication, as text that no browser executes", async () => {
    const response = await app.inject({ url: "/third-party-notices.txt", headers: { accept: "text/html" } });
    expect([response.statusCode, response.body]).toEqual([200, "good 1.0.0 (MIT) — © A"]);
    expect(response.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'",
    });
  });
});

describe("the page", () => {
  it("can add only styles with the nonce of its own response", async () => {
    const pages = await Promise.all([1, 2].map(() => app.inject({ url: "/", headers: { accept: "text/html" } })));
    const nonces = pages.map(({ body, headers }) => {
      const nonce = /<meta name="server-styles" nonce="([^"]+)" \/>/.exec(body)?.[1];
      expect(headers["content-security-policy"]).toContain(`style-src 'self' 'nonce-${nonce}';`);
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      return nonce;
    });
    expect(nonces[0]).toHaveLength(24);
    expect(nonces[0]).not.toBe(nonces[1]);
  });
});

describe("the page of the portal", () => {
  it("has the name and the logo of the operator's product, and does not name Posthorn", async () => {
    const { body } = await app.inject({ url: "/portal/signing", headers: { accept: "text/html" } });
    expect(body).toContain("<title>A &amp; B</title>");
    expect(body).toContain('<link rel="icon" href="https://b.example/l.svg" />');
    expect(body).not.toMatch(/posthorn/i);
    const dashboard = await app.inject({ url: "/", headers: { accept: "text/html" } });
    expect(dashboard.body).toContain("<title>Posthorn</title>");
  });
});
