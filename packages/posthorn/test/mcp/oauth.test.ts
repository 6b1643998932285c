/** Clients that connect to the MCP endpoint with OAuth: discovery, consent, tokens, and rejections. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expireSessions } from "../../src/domain/session/expire.ts";
import { join, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { McpClient } from "../support/mcp-client.ts";
import { CALLBACK, OAuthClient, sendJson, tokensOf } from "../support/oauth-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let client: OAuthClient;

beforeAll(async () => {
  node = await startNode(folder.path, { clock, env: { POSTHORN_MCP: "write" } });
  owner = await ownerOf(node);
  client = await OAuthClient.register(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function json(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(node.url + path)).json()) as Record<string, unknown>;
}

/** Status of a call with this token at the MCP endpoint. */
async function reach(token: string): Promise<number> {
  return (await new McpClient(node, token).request("tools/list")).status;
}

const newClient = (): Promise<OAuthClient> => OAuthClient.register(node);
const member = (name: string, role = "developer"): Promise<TestBrowser> =>
  join(node, owner, { email: `${name}@engines.example`, role });
/** After this time, an address may register as many clients as at the beginning. */
const HALF_AN_HOUR = 1_800_000;
const errorIn = (url: URL): (string | null)[] => ["error", "state", "iss"].map((name) => url.searchParams.get(name));

describe("discovery", () => {
  it("finds the authorization server from a call without a token", async () => {
    const refused = await fetch(`${node.url}/mcp`, { method: "POST", body: "{}" });
    const challenge = refused.headers.get("www-authenticate");
    const metadata = `${node.url}/.well-known/oauth-protected-resource/mcp`;
    expect([refused.status, challenge]).toEqual([
      401,
      `Bearer realm="posthorn", resource_metadata="${metadata}", scope="mcp:read"`,
    ]);
    expect(await json("/.well-known/oauth-protected-resource/mcp")).toMatchObject({
      resource: `${node.url}/mcp`,
      authorization_servers: [node.url],
      scopes_supported: ["mcp:read"],
    });
    const server = await json("/.well-known/oauth-authorization-server");
    expect(server).toMatchObject({
      issuer: node.url,
      authorization_endpoint: `${node.url}/oauth/authorize`,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: ["none"],
      scopes_supported: ["mcp:read", "mcp:write"],
    });
    expect(await json("/.well-known/openid-configuration")).toMatchObject(server);
  });

  it("returns the address that the client uses, on a server for this machine only", async () => {
    const host = `localhost:${new URL(node.url).port}`;
    const response = await fetch(`http://${host}/.well-known/oauth-protected-resource`);
    expect(await response.json()).toMatchObject({ resource: `http://${host}/mcp`, authorization_servers: [node.url] });
    const query = client.query({ resource: `http://${host}/mcp` });
    expect((await client.decide(owner, { query })).searchParams.get("code")).not.toBeNull();
  });

  it("reports an invalid token, and does not mention OAuth on the endpoint of a customer", async () => {
    const { status, headers } = await new McpClient(node, "pho_unknown").request("tools/list");
    expect([status, headers.get("www-authenticate")]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    const customer = await new McpClient(node, "pho_unknown", "/mcp/app/acme").request("tools/list");
    expect([customer.status, customer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="posthorn"']);
  });
});

describe("a connected client", () => {
  it("has the permissions of its user, limited to reading, only at the MCP endpoint", async () => {
    const { access, scope } = await (await newClient()).connect(owner);
    expect(scope).toBe("mcp:read");
    const mcp = new McpClient(node, access);
    expect((await mcp.call("overview_read", { action: "summary" })).isError).toBe(false);
    const refused = await mcp.request("tools/call", { name: "publish_write", arguments: {} });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      403,
      `Bearer realm="posthorn", error="insufficient_scope", resource_metadata="${node.url}/.well-known/oauth-protected-resource/mcp", scope="mcp:read mcp:write"`,
    ]);
    // It is still listed, because otherwise no client would request the scope.
    expect((await mcp.tools()).map(({ name }) => name)).toContain("publish_write");
    expect((await mcp.request("events/subscribe", { name: "x" })).status).toBe(403);
    const headers = { authorization: `Bearer ${access}` };
    for (const path of ["/api/v1/app", "/api/v1/session/current", "/api/v1/connected-client", "/mcp/app/acme"]) {
      const method = path.startsWith("/mcp") ? "POST" : "GET";
      expect([path, (await fetch(node.url + path, { headers, method })).status]).toEqual([path, 401]);
    }
  });

  it("may write if the user allows it, within the role of the user", async () => {
    const { access, scope } = await (await newClient()).connect(owner, true);
    expect(scope).toBe("mcp:read mcp:write");
    await owner.send("POST", "app", { uid: "written", name: "Written" });
    const endpoint = { action: "create", app: "written", url: "https://example.com/hook", dry_run: false };
    expect(await new McpClient(node, access).call("endpoint_write", endpoint)).toMatchObject({ isError: false });
    const [entry] = (await owner.send("GET", "audit?limit=1")).json["data"] as Record<string, unknown>[];
    expect(entry).toMatchObject({
      action: "v1.endpoint.create",
      actor: { kind: "user", name: OWNER.email },
      detail: { facts: { client: expect.stringMatching(/^Test client \(ses_\w+\)$/) } },
    });
    const viewer = await member("viewer", "viewer");
    const limited = await (await newClient()).connect(viewer, true);
    // A role that may not write cannot let a client write.
    expect(limited.scope).toBe("mcp:read");
    const tools = (await new McpClient(node, limited.access).tools()).map(({ name }) => String(name));
    expect(tools.filter((name) => name.endsWith("_write"))).toEqual([]);
    expect(tools).toContain("messages_read");
  });

  it("is listed for its user and for those who manage people, and ends when it is revoked", async () => {
    const user = await member("lister");
    const other = await member("other");
    const { access, refresh } = await (await newClient()).connect(user);
    const [own] = (await user.send("GET", "connected-client")).json["data"] as Record<string, unknown>[];
    expect(own).toMatchObject({
      name: "Test client",
      host: null,
      scopes: ["mcp:read"],
      user: { email: "lister@engines.example" },
    });
    expect((await other.send("GET", "connected-client")).json["data"]).toEqual([]);
    const path = `connected-client/${String(own!["id"])}`;
    expect((await other.send("DELETE", path)).status).toBe(404);
    expect(await reach(access)).toBe(200);
    expect((await owner.send("DELETE", path)).status).toBe(204);
    expect(await reach(access)).toBe(401);
    expect((await client.refresh(refresh)).json["error"]).toBe("invalid_grant");
    expect((await user.send("GET", "session")).json["data"]).toHaveLength(1);
  });

  it("ends with the access of its user", async () => {
    const endings: Readonly<Record<string, (user: TestBrowser, id: string) => Promise<unknown>>> = {
      "signs out everywhere": (user) => user.send("POST", "sign-out", { everywhere: true }),
      "is suspended": (_, id) => owner.send("PATCH", `user/${id}`, { disabled: true }),
      "is removed": (_, id) => owner.send("DELETE", `user/${id}`),
    };
    for (const [name, end] of Object.entries(endings)) {
      const user = await member(name.replaceAll(" ", "-"));
      const own = await newClient();
      const { access, refresh } = await own.connect(user);
      expect([name, await reach(access)]).toEqual([name, 200]);
      const { user: found } = (await user.send("GET", "session/current")).json as { user: { id: string } };
      await end(user, found.id);
      expect([name, await reach(access)]).toEqual([name, 401]);
      expect([name, (await own.refresh(refresh)).json["error"]]).toEqual([name, "invalid_grant"]);
    }
  });

  it("loses the permissions that the role of its user loses", async () => {
    const user = await member("demoted");
    const { access } = await (await newClient()).connect(user, true);
    const { user: found } = (await user.send("GET", "session/current")).json as { user: { id: string } };
    expect((await owner.send("PATCH", `user/${found.id}`, { role: "viewer" })).status).toBe(200);
    const tools = (await new McpClient(node, access).tools()).map(({ name }) => String(name));
    expect(tools.filter((name) => name.endsWith("_write"))).toEqual([]);
    expect((await new McpClient(node, access).call("publish_write", { app: "written", dry_run: false })).isError).toBe(
      true,
    );
  });

  it("replaces its earlier connection of the same user", async () => {
    const own = await newClient();
    const [first, second] = [await own.connect(owner), await own.connect(owner, true)];
    expect([await reach(first.access), await reach(second.access)]).toEqual([401, 200]);
  });
});

describe("a code", () => {
  it("is rejected with another verifier, client, redirect URI or resource, and is then void", async () => {
    const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ code_verifier: "x".repeat(43) }, "invalid_grant"],
      [{ redirect_uri: "http://127.0.0.1/other" }, "invalid_grant"],
      [{ resource: "https://elsewhere.example/mcp" }, "invalid_target"],
      [{ client_id: client.id }, "invalid_grant"],
    ];
    for (const [changes, error] of wrong) {
      const own = await newClient();
      const code = await own.code(owner);
      expect([changes, (await own.exchange(code, changes)).json["error"]]).toEqual([changes, error]);
      expect((await own.exchange(code)).json["error"]).toBe("invalid_grant");
    }
    expect((await client.exchange("guess")).json["error"]).toBe("invalid_grant");
    expect((await client.token({ grant_type: "password" })).json["error"]).toBe("unsupported_grant_type");
    expect((await client.token({ grant_type: "authorization_code" })).json["error"]).toBe("invalid_request");
  });

  it("that is used twice ends the connection", async () => {
    const code = await client.code(owner);
    const { access } = tokensOf(await client.exchange(code));
    expect(await reach(access)).toBe(200);
    expect((await client.exchange(code)).json["error"]).toBe("invalid_grant");
    expect(await reach(access)).toBe(401);
  });

  it("is void when the user signs out everywhere before it is used", async () => {
    const user = await member("hasty");
    const code = await client.code(user);
    await user.send("POST", "sign-out", { everywhere: true });
    expect((await client.exchange(code)).json["error"]).toBe("invalid_grant");
  });
});

describe("an authorization request", () => {
  it("shows the user the client, and where the response is sent", async () => {
    const request = new URLSearchParams({ request: client.query({ scope: "mcp:read mcp:write" }) });
    const shown = (await owner.send("GET", `connected-client/authorization?${request.toString()}`)).json;
    expect(shown).toMatchObject({
      client: { id: client.id, name: "Test client", host: null },
      destination: "127.0.0.1",
      local: true,
      asksToWrite: true,
      write: "allowed",
      redirectTo: null,
    });
  });

  it("may use any port on the machine of the user, and no other redirect URI", async () => {
    const port = client.query({ redirect_uri: "http://127.0.0.1:49152/callback" });
    expect((await client.decide(owner, { query: port })).port).toBe("49152");
    const others = [
      "http://127.0.0.1/other",
      "http://localhost/callback",
      "https://127.0.0.1/callback",
      "https://evil.example/callback",
      "http://127.0.0.1@evil.example/callback",
      "http://127.0.0.1:80@evil.example/callback",
      "//evil.example/callback",
      `${CALLBACK}#fragment`,
      "javascript:alert(1)",
    ];
    for (const redirect of others) {
      const body = { request: client.query({ redirect_uri: redirect }), approve: true };
      const { status, json: reply } = await owner.send("POST", "connected-client/authorization", body);
      expect([redirect, status, reply["redirectTo"]]).toEqual([redirect, 400, undefined]);
    }
  });

  it("that violates the protocol is redirected to the client with an error, its state and the issuer", async () => {
    const wrong: readonly (readonly [Readonly<Record<string, string | null>>, string])[] = [
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ code_challenge: null }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge_method: null }, "invalid_request"],
      [{ resource: null }, "invalid_target"],
      [{ resource: "https://elsewhere.example/mcp" }, "invalid_target"],
      [{ resource: `${node.url}/mcp/app/acme` }, "invalid_target"],
    ];
    for (const [changes, error] of wrong) {
      const url = await client.decide(owner, { query: client.query(changes) });
      expect([changes, errorIn(url)]).toEqual([changes, [error, "a state", node.url]]);
    }
    const repeated = await client.decide(owner, { query: `${client.query()}&scope=a&scope=b` });
    expect(errorIn(repeated)[0]).toBe("invalid_request");
    expect(errorIn(await client.decide(owner, { approve: false }))).toEqual(["access_denied", "a state", node.url]);
  });

  it("is decided by a signed-in user on a page of this server", async () => {
    const body = { request: client.query(), approve: true };
    const path = "connected-client/authorization";
    expect((await new TestBrowser(node).send("POST", path, body)).status).toBe(401);
    const token = { authorization: `Bearer ${node.token}` };
    expect((await new TestBrowser(node).raw("POST", path, body, token)).status).toBe(403);
    const elsewhere = { origin: "https://elsewhere.example", "x-posthorn-csrf": "1" };
    expect((await owner.raw("POST", path, body, elsewhere)).json["code"]).toBe("cross_origin");
    const query = client.query({ state: "1e5" });
    const opened = await fetch(`${node.url}/oauth/authorize?${query}`, { redirect: "manual" });
    const location = new URL(opened.headers.get("location")!);
    expect([opened.status, location.origin + location.pathname, location.searchParams.get("request")]).toEqual([
      303,
      `${node.url}/connect`,
      query,
    ]);
  });
});

describe("client IDs", () => {
  it("that are URLs are read through the address guard", async () => {
    const urls = {
      "https://169.254.169.254/latest/meta-data": "could not be read",
      "https://127.0.0.1/client.json": "could not be read",
      "http://client.example/client.json": "does not begin with https:",
      "https://client.example/": "has no path",
      "https://client.example/a#b": "has a fragment",
      "https://user:secret@client.example/a": "contains credentials",
      "https://client.example/a/../b": "is not a URL in its normal form",
      client_unknown: "does not know its client ID",
    };
    for (const [id, why] of Object.entries(urls)) {
      const { status, json: reply } = await owner.send("POST", "connected-client/authorization", {
        request: client.query({ client_id: id }),
        approve: true,
      });
      expect([id, status, reply["detail"]]).toEqual([id, 400, expect.stringContaining(why)]);
    }
  });

  it("are issued only for redirect URIs of the client itself", async () => {
    const register = (uris: unknown): ReturnType<typeof sendJson> =>
      sendJson(`${node.url}/oauth/register`, { client_name: "\u202Eevil", redirect_uris: uris });
    const refused = [
      undefined,
      [],
      ["http://client.example/cb"],
      ["javascript:alert(1)"],
      ["https://a.example/#x"],
      [1],
    ];
    for (const uris of refused)
      expect([uris, (await register(uris)).json["error"]]).toEqual([uris, "invalid_redirect_uri"]);
    const { status, json: given } = await register(["https://client.example/cb", "cursor://anysphere.cursor/cb"]);
    expect([status, given]).toMatchObject([201, { client_name: "evil", token_endpoint_auth_method: "none" }]);
  });
});

describe("the passage of time", () => {
  it("ends codes after a minute, access tokens after an hour, and unused connections after 30 days", async () => {
    const own = await newClient();
    const late = await own.code(owner);
    clock.advance(61_000);
    expect((await own.exchange(late)).json["error"]).toBe("invalid_grant");
    const tokens = await own.connect(owner);
    clock.advance(3_600_001);
    expect(await reach(tokens.access)).toBe(401);
    const { access, refresh } = tokensOf(await own.refresh(tokens.refresh));
    expect(await reach(access)).toBe(200);
    clock.advance(31 * 86_400_000);
    expect((await own.refresh(refresh)).json["error"]).toBe("invalid_grant");
  });
});

describe("registration", () => {
  it("is limited for each address, and possible again after a minute", async () => {
    const register = async (): Promise<number> =>
      (await sendJson(`${node.url}/oauth/register`, { redirect_uris: [CALLBACK] })).status;
    clock.advance(HALF_AN_HOUR);
    const statuses = [];
    for (let n = 0; n < 31; n++) statuses.push(await register());
    expect(statuses).toEqual([...new Array<number>(30).fill(201), 429]);
    clock.advance(60_000);
    expect([await register(), await register()]).toEqual([201, 429]);
    clock.advance(HALF_AN_HOUR);
  });

  it("keeps a thousand clients that no user has approved, and none for more than a day", async () => {
    const used = await newClient();
    // The session has expired by this clock.
    await owner.signIn(OWNER.email, OWNER.password);
    await used.connect(owner);
    const { store, ids } = node.services;
    const rows = Array.from({ length: 1000 }, () => ids.next("client_")).map(({ key, id }) => ({
      id: key,
      public_id: id,
      name: "Flood",
      redirect_uris_json: "[]",
      created_at: clock.now(),
      approved_at: null,
    }));
    await store.transaction(async ({ db }) => {
      for (let at = 0; at < rows.length; at += 100)
        await db
          .insertInto("oauth_client")
          .values(rows.slice(at, at + 100))
          .execute();
    });
    clock.advance(1_000_000);
    const last = await newClient();
    const unused = () =>
      store.db.selectFrom("oauth_client").select("public_id").where("approved_at", "is", null).execute();
    const kept = (await unused()).map(({ public_id }) => public_id);
    expect([kept.length, kept.includes(last.id), kept.includes(rows[0]!.public_id)]).toEqual([1000, true, false]);
    clock.advance(86_400_001);
    await expireSessions(node.services);
    expect(await unused()).toEqual([]);
    expect((await used.decide(owner)).searchParams.get("code")).not.toBeNull();
  });
});
