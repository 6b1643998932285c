/** End of tokens: logout, and deletion of their application. */
import { makeToken } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../src/api/routes.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const JWT_SECRET = "a-secret-of-this-test-with-32-characters";
const ENV = { POSTHORN_JWT_SECRET: JWT_SECRET };
const ORGANISATION = "org_00000000000000000000000test";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const folder = temporaryFolder();
let node: TestNode;
let organisation: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path, { env: ENV });
  organisation = new Tenant(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function application(uid: string): Promise<string> {
  const { json } = await organisation.call("POST", "app", { name: uid, uid });
  return json["id"] as string;
}

async function portalToken(app: string, fields: object = {}): Promise<string> {
  const { json } = await organisation.call("POST", `auth/app-portal-access/${app}`, fields);
  return json["token"] as string;
}

const get = (path: string, token: string): Promise<Response> =>
  fetch(`${node.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
const statusOf = async (app: string, token: string): Promise<number> =>
  (await get(`/api/v1/app/${app}/endpoint`, token)).status;

/** Other texts that lenient base64url decoders read as the same signature. */
function spellings(token: string): string[] {
  const last = ALPHABET.indexOf(token.at(-1)!);
  const start = token.slice(0, -1);
  const signature = token.lastIndexOf(".") + 1;
  const middle = signature + 10;
  return [
    ...[1, 2, 3].map((bits) => start + ALPHABET[last ^ bits]!),
    `${token}=`,
    `${token}==`,
    `${token}.`,
    `${token}!`,
    `${token.slice(0, middle)}=${token.slice(middle)}`,
    `${token.slice(0, middle)}*${token.slice(middle)}`,
    token.slice(0, signature) + token.slice(signature).replaceAll("-", "+").replaceAll("_", "/"),
    token.replace(".", "=."),
    token.replace(/\.([^.]+)\./, ".$1=."),
  ].filter((spelling) => spelling !== token);
}

/** The tokens that are not rejected with 401. */
async function accepted(app: string, tokens: readonly string[]): Promise<string[]> {
  const statuses = await Promise.all(tokens.map((token) => statusOf(app, token)));
  return tokens.filter((_token, index) => statuses[index] !== 401);
}

describe("logout", () => {
  it("ends the token in every encoding of its signature", async () => {
    const app = await application("logout");
    const token = await portalToken("logout");
    expect(await statusOf(app, token)).toBe(200);
    const portal = new Tenant(node, token);
    expect((await portal.call("POST", "auth/logout", {})).status).toBe(204);
    expect(await accepted(app, [token, ...spellings(token)])).toEqual([]);
  });

  it("ends no other token of the application", async () => {
    const app = await application("logout-others");
    const [one, two] = [await portalToken("logout-others"), await portalToken("logout-others", { expiry: 7200 })];
    await new Tenant(node, one).call("POST", "auth/logout", {});
    expect(await statusOf(app, one)).toBe(401);
    expect(await statusOf(app, two)).toBe(200);
  });
});

describe("a token whose signature is not in canonical base64url", () => {
  it("is rejected, so that one token is one caller", async () => {
    const app = await application("canonical");
    const token = await portalToken("canonical");
    expect(await accepted(app, spellings(token))).toEqual([]);
    expect(await statusOf(app, token)).toBe(200);
  });
});

describe("an API key", () => {
  it("works only in the encoding that was shown", async () => {
    const { json } = await organisation.call("POST", "auth/api-key", { name: "Key" });
    const key = json["token"] as string;
    expect((await get("/api/v1/app", key)).status).toBe(200);
    const others = [`${key}=`, key.toUpperCase(), key.slice(0, -1), `${key}.`, `${key}%20`];
    const statuses = await Promise.all(others.map(async (other) => (await get("/api/v1/app", other)).status));
    expect(statuses).toEqual(others.map(() => 401));
  });
});

const LOGOUT = "/api/v1/auth/logout";

describe("the URL of a source", () => {
  it("works with the token that was shown and with no other encoding of it", async () => {
    const response = await fetch(`${node.url}/ingest/api/v1/source`, {
      method: "POST",
      headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Spelling", type: "generic-webhook" }),
    });
    const { ingestUrl } = (await response.json()) as { ingestUrl: string };
    const token = ingestUrl.slice(ingestUrl.lastIndexOf("/") + 1);
    const post = async (spelling: string): Promise<number> =>
      (await fetch(`${node.url}/in/${spelling}`, { method: "POST", body: "{}" })).status;
    expect(await post(token)).not.toBe(404);
    const others = [token.toUpperCase(), `${token}=`, `${token}%20`, `${token}%00`, token.slice(0, -1), `0${token}`];
    const statuses = await Promise.all(others.filter((other) => other !== token).map(post));
    expect(new Set(statuses)).toEqual(new Set([404]));
  });
});

/** Routes that tokens of an application may call, except the one that ends them. */
const PORTAL_ROUTES = ROUTES.filter(({ access, path }) => access !== "organisation" && path !== LOGOUT);

describe("deleting an application", () => {
  const urlOf = (path: string, app: string): string =>
    node.url + path.replace(":app_id", app).replace(/:\w+/g, "anything");

  async function statuses(app: string, token: string): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const { method, path } of PORTAL_ROUTES) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await fetch(urlOf(path, app), {
        method,
        headers,
        ...(method === "GET" ? {} : { body: "[]" }),
      });
      await response.body?.cancel();
      found.set(`${method} ${path}`, response.status);
    }
    return found;
  }

  it("ends its tokens on every route that they could call", async () => {
    expect(PORTAL_ROUTES.length).toBeGreaterThan(50);
    const app = await application("deleted");
    const token = await portalToken("deleted");
    expect([...(await statuses(app, token)).values()]).not.toContain(401);
    expect((await get("/api/v1/event-type", token)).status).toBe(200);
    await organisation.call("DELETE", `app/${app}`);
    const after = await statuses(app, token);
    expect([...after].filter(([, status]) => status !== 401)).toEqual([]);
    expect((await get("/api/v1/live", token)).status).toBe(401);
    expect((await new Tenant(node, token).call("POST", "auth/logout", {})).status).toBe(401);
    // Signed by another program with the secret of the server, after the deletion.
    const fresh = makeToken({ sub: app, org: ORGANISATION, exp: Math.floor(Date.now() / 1000) + 60 }, JWT_SECRET);
    expect((await get("/api/v1/event-type", fresh)).status).toBe(401);
  });

  it("keeps its tokens invalid for an application created again with the same uid", async () => {
    await application("again");
    const old = await portalToken("again");
    await organisation.call("DELETE", "app/again");
    await application("again");
    expect(await statusOf("again", old)).toBe(401);
    expect(await statusOf("again", await portalToken("again"))).toBe(200);
  });

  it("of a source ends the tokens of its portal", async () => {
    const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
    const ingest = (method: string, path: string, body?: object) =>
      fetch(`${node.url}/ingest/api/v1/${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const source = (await (await ingest("POST", "source", { name: "Source", type: "generic-webhook" })).json()) as {
      id: string;
    };
    const { token } = (await (await ingest("POST", `source/${source.id}/dashboard`, {})).json()) as { token: string };
    expect((await get("/api/v1/event-type", token)).status).toBe(200);
    await ingest("DELETE", `source/${source.id}`);
    expect((await get("/api/v1/event-type", token)).status).toBe(401);
  });
});
