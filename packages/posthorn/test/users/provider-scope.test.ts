/**
 * The operator of an identity provider can sign in as any of its people. On a server with several organisations, this must not give access
 * to another organisation of these people: not directly, not through a sign-in method that the session adds to the account, and not through
 * a command line.
 */
import { freePort } from "@posthorn/testkit";
import { type IdentityProvider, signInAtProvider, startIdentityProvider } from "@posthorn/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { arriveAt } from "../support/provider-sign-in.ts";
import { temporaryFolder } from "../support/store.ts";

type Json = Record<string, unknown>;

const SECRET = "a secret of 32 characters, or more";
const folder = temporaryFolder();
let node: TestNode;
let idp: IdentityProvider;
let provider: Json;
/** The owner of both organisations, with their password. */
let owner: TestBrowser;
/** The same person, signed in at the provider of the first organisation. */
let viaProvider: TestBrowser;
let first: string;
let second: string;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "https://hooks.example.com" } });
  owner = await ownerOf(node);
  const port = await freePort();
  const fields = { name: "Acme", clientId: "posthorn", clientSecret: SECRET, issuer: `http://127.0.0.1:${port}` };
  provider = (await owner.send("POST", "identity-provider", { ...fields, defaultRole: "owner" })).json;
  const client = { redirectUri: String(provider["redirectUri"]), afterLogoutUri: String(provider["afterLogoutUri"]) };
  idp = await startIdentityProvider({
    port,
    clients: [{ ...client, clientId: "posthorn", clientSecret: SECRET, backchannelUri: String(provider["logoutUri"]) }],
    people: { ada: { name: "Ada", email: "ada@acme.example", email_verified: true } },
  });
  await connect(owner);
  const own = (await owner.send("GET", "organisation")).json["data"] as [{ id: string }];
  first = own[0].id;
  second = String((await owner.send("POST", "organisation", { name: "Second" })).json["id"]);
  viaProvider = await signInViaProvider();
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function connect(browser: TestBrowser): Promise<void> {
  const { json } = await browser.send("POST", "sign-in/provider/connect", { provider: provider["id"] });
  const callback = await signInAtProvider(String(json["url"]), "ada", node.url);
  expect((await arriveAt(node, browser, callback)).problem).toBeNull();
}

async function signInViaProvider(): Promise<TestBrowser> {
  const browser = new TestBrowser(node);
  const { json } = await browser.send("POST", "sign-in/provider", { provider: provider["id"], returnTo: "/" });
  const callback = await signInAtProvider(String(json["url"]), "ada", node.url);
  expect((await arriveAt(node, browser, callback)).problem).toBeNull();
  return browser;
}

const switchTo = (browser: TestBrowser, organisation: string) =>
  browser.send("POST", "session/current/organisation", { organisation });

const REFUSED = [403, expect.stringContaining("You signed in with Acme")] as const;

describe("a session that began at a provider", () => {
  it("works in the organisation of the provider", async () => {
    expect((await viaProvider.send("GET", "app")).status).toBe(200);
    expect((await switchTo(viaProvider, first)).status).toBe(204);
  });

  it("cannot be moved to another organisation of the person, which a session with their password can", async () => {
    const { status, json } = await switchTo(viaProvider, second);
    expect([status, json["detail"]]).toEqual(REFUSED);
    expect((await switchTo(owner, second)).status).toBe(204);
    expect((await switchTo(owner, first)).status).toBe(204);
  });

  it.each([
    ["POST", "profile/password", { currentPassword: OWNER.password, newPassword: "tall-birches-hum-at-noon" }],
    ["PATCH", "profile", { email: "mallory@acme.example", currentPassword: OWNER.password }],
    ["POST", "profile/second-factor", { currentPassword: OWNER.password }],
    ["POST", "profile/passkey/options", {}],
    ["POST", "organisation", { name: "Third" }],
  ])("cannot change the account of a person who is in another organisation too: %s %s", async (method, path, body) => {
    const { status, json } = await viaProvider.send(method, path, body);
    expect([status, json["detail"]]).toEqual(REFUSED);
  });

  it("cannot accept an invitation to another organisation", async () => {
    await switchTo(owner, second);
    const { json } = await owner.send("POST", "invitation", { email: OWNER.email, role: "viewer", app: await anApp() });
    const reply = await viaProvider.send("POST", "profile/invitation", { code: codeOf(json["url"]) });
    expect([reply.status, reply.json["detail"]]).toEqual(REFUSED);
    await switchTo(owner, first);
  });

  it("applies the same limits to a command line that it approves", async () => {
    const device = await form("code", { client_id: "laptop" });
    const approved = await viaProvider.send("POST", `device/${String(device["user_code"])}`, { approve: true });
    expect(approved.status).toBe(204);
    const grant = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: device["device_code"] };
    const { access_token: token } = await form("token", grant);
    const call = (path: string, body?: object): Promise<Response> =>
      fetch(`${node.url}/api/v1/${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${String(token)}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    expect((await call("app")).status).toBe(200);
    expect((await call("session/current/organisation", { organisation: second })).status).toBe(403);
  });
});

async function anApp(): Promise<string> {
  return String((await owner.send("POST", "app", { name: "Shop" })).json["id"]);
}

async function form(path: string, fields: Json): Promise<Json> {
  const response = await fetch(`${node.url}/api/v1/device/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  return (await response.json()) as Json;
}
