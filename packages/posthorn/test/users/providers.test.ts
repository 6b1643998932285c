/** Sign-in at an identity provider: accounts, roles from groups, connections, and both kinds of logout. */
import { eventually, freePort } from "@posthorn/testkit";
import {
  CookieJar,
  type IdentityProvider,
  signInAtProvider,
  startIdentityProvider,
} from "@posthorn/testkit/identity-provider";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashToken } from "../../src/domain/auth/hash-token.ts";
import { findProviderRow } from "../../src/domain/user/identity/provider.ts";
import { endProviderSessions, safePath } from "../../src/domain/user/identity/session.ts";
import { type BrowserReply, join, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { McpClient } from "../support/mcp-client.ts";
import { OAuthClient } from "../support/oauth-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { type Arrival, arriveAt } from "../support/provider-sign-in.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

type Json = Record<string, unknown>;

const SECRET = "a secret of 32 characters, or more";
const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let idp: IdentityProvider;
let provider: Json;

const FIELDS = {
  name: "Acme",
  clientId: "posthorn",
  clientSecret: SECRET,
  scopes: "openid profile email groups",
  roles: [
    { group: "admins", role: "admin" },
    { group: "staff", role: "viewer" },
  ],
};

const person = (name: string, groups: readonly string[]): Json => ({
  name,
  email: `${name.toLowerCase()}@acme.example`,
  email_verified: true,
  groups,
});

beforeAll(async () => {
  node = await startNode(folder.path, { clock });
  owner = await ownerOf(node);
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const created = await owner.send("POST", "identity-provider", { ...FIELDS, issuer });
  provider = created.json;
  const client = { redirectUri: String(provider["redirectUri"]), afterLogoutUri: String(provider["afterLogoutUri"]) };
  idp = await startIdentityProvider({
    port,
    clients: [{ ...client, clientId: "posthorn", clientSecret: SECRET, backchannelUri: String(provider["logoutUri"]) }],
    people: {
      grace: person("Grace", ["staff"]),
      alan: person("Alan", ["staff", "admins"]),
      outsider: person("Outsider", []),
      owner: { ...person("Owner", ["staff"]), email: OWNER.email },
      leaver: person("Leaver", ["staff"]),
      moved: person("Moved", ["staff"]),
    },
  });
});

afterAll(async () => {
  await idp?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const arrive = (browser: TestBrowser, callback: string): Promise<Arrival> => arriveAt(node, browser, callback);

async function begin(browser: TestBrowser, returnTo = "/"): Promise<string> {
  const { json, status } = await browser.send("POST", "sign-in/provider", { provider: provider["id"], returnTo });
  expect(status).toBe(200);
  return String(json["url"]);
}

async function signIn(login: string, browser = new TestBrowser(node), jar = new CookieJar()): Promise<Arrival> {
  const callback = await signInAtProvider(await begin(browser, "/messages?app=1"), login, node.url, jar);
  return await arrive(browser, callback);
}

const current = (browser: TestBrowser): Promise<BrowserReply> => browser.send("GET", "session/current");

describe("a new person", () => {
  it("gets an account with the role of their group, and the page that they requested", async () => {
    const browser = new TestBrowser(node);
    expect(await signIn("grace", browser)).toEqual({ location: "/messages?app=1", problem: null });
    const { json } = await current(browser);
    expect(json["user"]).toMatchObject({ email: "grace@acme.example", name: "Grace", role: "viewer" });
    expect((await browser.send("POST", "app", { name: "Refused" })).status).toBe(403);
    const { json: log } = await owner.send("GET", "audit?limit=20");
    const entries = (log["data"] as Json[]).filter(({ actor }) => (actor as Json)["name"] === "grace@acme.example");
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["user.create-by-provider", "user.set-roles-by-provider", "session.start"]),
    );
  });

  it("in several groups has the role of the first rule", async () => {
    const browser = new TestBrowser(node);
    await signIn("alan", browser);
    expect((await current(browser)).json["user"]).toMatchObject({ role: "admin" });
  });

  it("without a group that has a role is rejected, and gets no account", async () => {
    const browser = new TestBrowser(node);
    const { location, problem } = await signIn("outsider", browser);
    expect([location, problem!["code"]]).toEqual(["/sign-in", "identity_refused"]);
    expect(browser.cookies.has("posthorn_session")).toBe(false);
    const { json } = await owner.send("GET", "user?limit=100");
    expect((json["data"] as Json[]).map(({ email }) => email)).not.toContain("outsider@acme.example");
  });

  it("never gets an existing account with their email address", async () => {
    const { problem } = await signIn("owner");
    expect(problem).toMatchObject({ code: "conflict", detail: expect.stringContaining(OWNER.email) as unknown });
  });
});

describe("groups", () => {
  it("decide the role at each sign-in, and without one the account has no access", async () => {
    const browser = new TestBrowser(node);
    await signIn("leaver", browser);
    idp.people["leaver"] = person("Leaver", ["admins"]);
    await signIn("leaver", browser);
    expect((await current(browser)).json["user"]).toMatchObject({ role: "admin" });
    const session = browser.cookies.get("posthorn_session")!;
    idp.people["leaver"] = person("Leaver", []);
    expect((await signIn("leaver", new TestBrowser(node))).problem).toMatchObject({ code: "identity_refused" });
    browser.cookies.set("posthorn_session", session);
    // The open session loses its access with the role.
    await eventually(async () => expect((await current(browser)).status).toBe(401));
  });

  it("do not remove the role of the last owner", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    await connect(browser, "owner");
    const again = new TestBrowser(node);
    expect((await signIn("owner", again)).problem).toBeNull();
    expect((await current(again)).json["user"]).toMatchObject({ email: OWNER.email, role: "owner" });
  });
});

async function connect(browser: TestBrowser, login: string): Promise<Arrival> {
  const { json, status } = await browser.send("POST", "sign-in/provider/connect", { provider: provider["id"] });
  expect(status).toBe(200);
  return await arrive(browser, await signInAtProvider(String(json["url"]), login, node.url));
}

describe("a connection", () => {
  it("is listed in the profile, and can be removed while there is another way to sign in", async () => {
    const browser = await join(node, owner, { email: "moved@acme.example", role: "viewer" });
    expect((await signIn("moved")).problem).toMatchObject({ code: "conflict" });
    expect(await connect(browser, "moved")).toEqual({ location: "/profile", problem: null });
    const { json } = await browser.send("GET", "profile/identity");
    expect(json["data"]).toMatchObject([{ provider: "Acme", issuer: idp.issuer, email: "moved@acme.example" }]);
    expect((await signIn("moved")).problem).toBeNull();
    const [{ id }] = json["data"] as [{ id: string }];
    expect((await browser.send("DELETE", `profile/identity/${id}`)).status).toBe(204);
    expect((await signIn("moved")).problem).toMatchObject({ code: "conflict" });
  });

  it("is rejected for an identity that belongs to another account, and without a session", async () => {
    const other = await join(node, owner, { email: "other@acme.example", role: "viewer" });
    expect((await connect(other, "grace")).problem).toMatchObject({ code: "conflict" });
    const stranger = new TestBrowser(node);
    const refused = await stranger.send("POST", "sign-in/provider/connect", { provider: provider["id"] });
    expect(refused.status).toBe(401);
  });

  it("cannot be removed if it is the only way to sign in", async () => {
    const browser = new TestBrowser(node);
    await signIn("grace", browser);
    const { json } = await browser.send("GET", "profile/identity");
    const [{ id }] = json["data"] as [{ id: string }];
    expect((await browser.send("DELETE", `profile/identity/${id}`)).status).toBe(409);
  });
});

describe("the redirect from the provider", () => {
  it("works only in the browser in which the sign-in began, and once", async () => {
    const browser = new TestBrowser(node);
    const callback = await signInAtProvider(await begin(browser), "grace", node.url);
    const elsewhere = await arrive(new TestBrowser(node), callback);
    expect(elsewhere).toMatchObject({ location: "/sign-in", problem: { code: "link_invalid" } });
    expect((await arrive(browser, callback)).problem).toBeNull();
    expect((await arrive(browser, callback)).problem).toMatchObject({ code: "link_invalid" });
  });

  it("does not begin without the header of our pages", async () => {
    const refused = await new TestBrowser(node).raw("POST", "sign-in/provider", { provider: provider["id"] });
    expect([refused.status, refused.json["code"]]).toEqual([403, "cross_origin"]);
  });

  it.each([
    ["/messages?a=b#c", "/messages?a=b#c"],
    ["https://evil.example/", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["", "/"],
  ])("for %j goes to %j", (wanted, path) => {
    expect(safePath(wanted)).toBe(path);
  });

  it("reports that the provider does not respond", async () => {
    const browser = new TestBrowser(node);
    const callback = await signInAtProvider(await begin(browser), "grace", node.url);
    idp.refuseWith = 500;
    expect((await arrive(browser, callback)).problem).toMatchObject({ code: "identity_provider_failed" });
    idp.refuseWith = null;
  });
});

describe("a logout", () => {
  it("at the provider ends the session here", async () => {
    const browser = new TestBrowser(node);
    const jar = new CookieJar();
    await signIn("grace", browser, jar);
    const { json } = await browser.send("POST", "sign-out", {});
    const url = new URL(String(json["redirectTo"]));
    expect(url.origin).toBe(idp.issuer);
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${node.url}/sign-in`);
    // Another session of the same session at the provider, which its logout has to end.
    const second = new TestBrowser(node);
    await signIn("grace", second, jar);
    expect((await current(second)).status).toBe(200);
    await endAtProvider(url.href, jar);
    await eventually(async () => expect((await current(second)).status).toBe(401));
  });

  it.each(["subject", "session"] as const)(
    "that names the %s ends the user's command line and connected client too, and no one else's",
    async (named) => {
      const { store } = node.services;
      const row = await findProviderRow(store.db, String(provider["id"]));
      const [browser, other] = [new TestBrowser(node), new TestBrowser(node)];
      await signIn("grace", browser);
      await signIn("alan", other);
      const derived = [await connectedClient(browser), await commandLine(browser)];
      const kept = [await connectedClient(other), await commandLine(other)];
      const statuses = (calls: readonly Call[]): Promise<number[]> => Promise.all(calls.map((call) => call()));
      expect(await statuses([...derived, ...kept])).toEqual([200, 200, 200, 200]);
      const session = await store.db
        .selectFrom("person_session")
        .selectAll()
        .where("provider_session", "is not", null)
        .where("hash", "=", hashToken([...browser.cookies.values()].find((value) => value.startsWith("phs_"))!))
        .executeTakeFirstOrThrow();
      await endProviderSessions(node.services, row!, {
        subject: named === "subject" ? session.provider_subject : null,
        sessionId: named === "session" ? session.provider_session : null,
      });
      expect([(await current(browser)).status, (await current(other)).status]).toEqual([401, 200]);
      await eventually(async () => expect(await statuses([...derived, ...kept])).toEqual([401, 401, 200, 200]));
    },
  );

  it("with a token that the provider did not sign is rejected", async () => {
    const response = await fetch(String(provider["logoutUri"]), {
      method: "POST",
      body: new URLSearchParams({ logout_token: "a.b.c" }),
    });
    expect([response.status, ((await response.json()) as Json)["error"]]).toEqual([400, "invalid_request"]);
  });

  it("also happens when the provider is disabled or deleted", async () => {
    const browser = new TestBrowser(node);
    await signIn("alan", browser);
    const path = `identity-provider/${String(provider["id"])}`;
    const fields = { ...FIELDS, issuer: idp.issuer };
    expect((await owner.send("PUT", path, { ...fields, enabled: false })).status).toBe(200);
    await eventually(async () => expect((await current(browser)).status).toBe(401));
    const refused = await browser.send("POST", "sign-in/provider", { provider: provider["id"] });
    expect(refused.json["code"]).toBe("identity_refused");
    await owner.send("PUT", path, { ...fields, enabled: true });
    expect((await signIn("alan", browser)).problem).toBeNull();
  });
});

type Call = () => Promise<number>;

/** Connects a client. Returns a function that calls with its token. */
async function connectedClient(browser: TestBrowser): Promise<Call> {
  const { access } = await (await OAuthClient.register(node)).connect(browser);
  return async () => (await new McpClient(node, access).request("tools/list")).status;
}

/** Signs in on a command line. Returns a function that calls with its token. */
async function commandLine(browser: TestBrowser): Promise<Call> {
  const request = async (path: string, fields: Readonly<Record<string, string>>): Promise<Json> => {
    const body = new URLSearchParams({ client_id: "posthorn", ...fields });
    return (await (await fetch(`${node.url}/api/v1/device/${path}`, { method: "POST", body })).json()) as Json;
  };
  const { device_code: code, user_code: shown } = await request("code", {});
  expect((await browser.send("POST", `device/${String(shown)}`, { approve: true })).status).toBe(204);
  const grant = "urn:ietf:params:oauth:grant-type:device_code";
  const { access_token: token } = await request("token", { grant_type: grant, device_code: String(code) });
  const headers = { authorization: `Bearer ${String(token)}` };
  return async () => (await fetch(`${node.url}/api/v1/app`, { headers })).status;
}

/** Confirms the logout on the provider's page. */
async function endAtProvider(url: string, jar: CookieJar): Promise<void> {
  const page = await fetch(url, { headers: { cookie: jar.header }, redirect: "manual" });
  jar.keep(page);
  const html = await page.text();
  const action = /action="([^"]+)"/.exec(html)![1]!;
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)![1]!;
  const form = new URLSearchParams({ xsrf, logout: "yes" });
  const headers = { cookie: jar.header };
  const response = await fetch(new URL(action, url), { method: "POST", body: form, headers, redirect: "manual" });
  expect(response.status).toBeLessThan(400);
}

describe("a provider", () => {
  it("never shows its secret, and keeps it only while the issuer does not change", async () => {
    const path = `identity-provider/${String(provider["id"])}`;
    const { json } = await owner.send("GET", path);
    expect(json).toMatchObject({ hasClientSecret: true, issuer: idp.issuer });
    expect(JSON.stringify(json)).not.toContain(SECRET);
    const { clientSecret: _secret, ...fields } = FIELDS;
    expect((await owner.send("PUT", path, { ...fields, issuer: idp.issuer })).json["hasClientSecret"]).toBe(true);
    const moved = await owner.send("PUT", path, { ...fields, issuer: "https://other.example.com" });
    expect(moved.status).toBe(422);
    expect((await signIn("grace")).problem).toBeNull();
  });

  it("is checked before people can use it", async () => {
    const check = `identity-provider/${String(provider["id"])}/check`;
    expect((await owner.send("POST", check)).status).toBe(204);
    const { json } = await owner.send("POST", "identity-provider", { ...FIELDS, issuer: "http://127.0.0.1:1" });
    const failed = await owner.send("POST", `identity-provider/${String(json["id"])}/check`);
    expect([failed.status, failed.json["code"]]).toEqual([424, "identity_provider_failed"]);
    expect((await owner.send("DELETE", `identity-provider/${String(json["id"])}`)).status).toBe(204);
  });

  it.each([
    ["an issuer without TLS elsewhere", { issuer: "http://login.example.com" }],
    ["an issuer with a query", { issuer: "https://login.example.com/?a=1" }],
    ["scopes without openid", { scopes: "email" }],
    ["a role in an application that does not exist", { roles: [{ group: "a", role: "viewer", app: "app_none" }] }],
    ["a role that does not exist", { roles: [{ group: "a", role: "king" }] }],
    ["a domain with an at sign", { domains: ["@acme.example"] }],
  ])("with %s is rejected", async (_title, wrong) => {
    const fields = { ...FIELDS, issuer: idp.issuer, ...wrong };
    expect((await owner.send("POST", "identity-provider", fields)).status).toBe(422);
  });

  it("cannot be used to become an owner by an admin, nor be seen by a viewer or another organisation", async () => {
    const admin = await join(node, owner, { email: "admin@acme.example", role: "admin" });
    const fields = { ...FIELDS, issuer: idp.issuer, defaultRole: "owner" };
    expect((await admin.send("POST", "identity-provider", fields)).status).toBe(403);
    const viewer = await join(node, owner, { email: "viewer@acme.example", role: "viewer" });
    expect((await viewer.send("GET", "identity-provider")).status).toBe(403);
  });

  it("is offered on the sign-in page by its name only", async () => {
    const { json } = await new TestBrowser(node).send("GET", "sign-in/provider");
    expect(json["data"]).toContainEqual({ id: provider["id"], name: "Acme" });
  });

  it("with domains accepts only verified email addresses of these domains", async () => {
    const path = `identity-provider/${String(provider["id"])}`;
    await owner.send("PUT", path, { ...FIELDS, issuer: idp.issuer, domains: ["other.example"] });
    expect((await signIn("grace")).problem).toMatchObject({ code: "identity_refused" });
    await owner.send("PUT", path, { ...FIELDS, issuer: idp.issuer, domains: ["ACME.example"] });
    expect((await signIn("grace")).problem).toBeNull();
    idp.people["grace"] = { ...person("Grace", ["staff"]), email_verified: false };
    expect((await signIn("grace")).problem).toMatchObject({ code: "identity_refused" });
  });
});

// Last, because tokens of the provider are too old for the server afterwards.
it("the redirect is rejected after ten minutes, and with a cookie that the server did not create", async () => {
  const browser = new TestBrowser(node);
  const callback = await signInAtProvider(await begin(browser), "grace", node.url);
  clock.advance(600_001);
  expect((await arrive(browser, callback)).problem).toMatchObject({ code: "link_invalid" });
  browser.cookies.set("posthorn_provider", Buffer.from("forged").toString("base64url"));
  expect((await arrive(browser, callback)).problem).toMatchObject({ code: "link_invalid" });
});
