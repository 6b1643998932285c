/** Session cookies are accepted only in requests of our own pages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/api/routes.ts";
import { PUBLIC_ROUTES } from "../../src/api/session/public-routes.ts";
import { ownerOf, type TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_CORS_ORIGINS: "*" } });
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const UNSAFE = ROUTES.filter(({ method }) => method !== "GET");
const pathOf = (path: string): string => path.replace("/api/v1/", "").replaceAll(/:\w+/g, "anything");
/** Sources have their own prefix. */
const isReachable = ({ path }: { readonly path: string }): boolean => path.startsWith("/api/v1/");

async function refusals(headers: (url: string) => Record<string, string>): Promise<readonly string[]> {
  const accepted: string[] = [];
  for (const route of UNSAFE.filter(isReachable)) {
    const { status, json } = await owner.raw(route.method, pathOf(route.path), {}, headers(node.url));
    if (status !== 403 || json["code"] !== "cross_origin") accepted.push(`${route.method} ${route.path}: ${status}`);
  }
  return accepted;
}

describe("a request with a session cookie that changes something", () => {
  it("is rejected on each route without the header of our pages", async () => {
    expect(UNSAFE.filter(isReachable).length).toBeGreaterThan(100);
    expect(await refusals((url) => ({ origin: url, "sec-fetch-site": "same-origin" }))).toEqual([]);
  });

  it("is rejected on each route from another origin, with any other headers", async () => {
    expect(await refusals(() => ({ origin: "https://elsewhere.example", "x-posthorn-csrf": "1" }))).toEqual([]);
  });

  it.each([
    ["names no origin", {}],
    ["comes from an opaque origin", { origin: "null" }],
    ["comes from another site, says the browser", { "sec-fetch-site": "cross-site" }],
    ["comes from another host of the site, says the browser", { "sec-fetch-site": "same-site" }],
    ["has the origin of a host that ends like ours", { origin: "http://evil.127.0.0.1" }],
    ["has our host and another port", { origin: "http://127.0.0.1:1" }],
    ["has our host over another scheme", { origin: "https://127.0.0.1" }],
  ])("is rejected if it %s", async (_case, headers) => {
    const all = { "x-posthorn-csrf": "1", ...headers };
    const { status, json } = await owner.raw("POST", "app", { name: "Refused" }, all);
    expect([status, json["code"]]).toEqual([403, "cross_origin"]);
  });

  it("is accepted from our own page, and by the public URL of the server", async () => {
    const own = { "x-posthorn-csrf": "1", origin: node.url };
    expect((await owner.raw("POST", "app", { name: "Accepted" }, own)).status).toBe(201);
    const modern = { "x-posthorn-csrf": "1", "sec-fetch-site": "same-origin" };
    expect((await owner.raw("POST", "app", { name: "Accepted" }, modern)).status).toBe(201);
  });
});

describe("a request with a session cookie that only reads", () => {
  it("is rejected from another origin, even as a live stream", async () => {
    for (const path of ["app", "live", "session/current", "sign-in"]) {
      for (const headers of [{ origin: "https://elsewhere.example" }, { "sec-fetch-site": "cross-site" }]) {
        const { status, json } = await owner.raw("GET", path, undefined, headers);
        expect([path, status, json["code"]]).toEqual([path, 403, "cross_origin"]);
      }
    }
  });

  it("is accepted from our pages, and from the address bar", async () => {
    expect((await owner.raw("GET", "app", undefined, { "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await owner.raw("GET", "app", undefined, { "sec-fetch-site": "none" })).status).toBe(200);
    expect((await owner.raw("GET", "app")).status).toBe(200);
  });

  it("never gets credentials allowed by CORS", async () => {
    const { headers } = await owner.raw("GET", "app", undefined, { origin: "https://elsewhere.example" });
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    const preflight = await fetch(`${node.url}/api/v1/sign-in`, {
      method: "OPTIONS",
      headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("a request with a token", () => {
  it("works from any origin that CORS allows, and ignores the cookie", async () => {
    const headers = { authorization: `Bearer ${node.token}`, origin: "https://elsewhere.example" };
    expect((await owner.raw("POST", "app", { name: "Token" }, headers)).status).toBe(201);
    const wrong = { authorization: "Bearer wrong" };
    expect((await owner.raw("GET", "app", undefined, wrong)).status).toBe(401);
  });
});

describe("each way to sign in", () => {
  const posts = PUBLIC_ROUTES.filter(({ method, isForPrograms }) => method === "POST" && isForPrograms !== true);

  it.each(posts.map(({ path }) => [path]))(
    "at %s is rejected from other origins, so that no person is signed in as another one",
    async (path) => {
      const send = (headers: Record<string, string>) => owner.raw("POST", pathOf(path), {}, headers);
      const replies = [
        await send({ "x-posthorn-csrf": "1", origin: "https://elsewhere.example" }),
        await send({ "x-posthorn-csrf": "1", "sec-fetch-site": "cross-site" }),
        await send({ origin: node.url }),
      ];
      expect(replies.map(({ json }) => json["code"])).toEqual(["cross_origin", "cross_origin", "cross_origin"]);
    },
  );
});
