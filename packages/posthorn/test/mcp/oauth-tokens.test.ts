/** Tokens of clients that connect to the MCP endpoint with OAuth: refreshed, repeated, reused, narrowed and revoked. */
import { randomBytes } from "node:crypto";
import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { withoutAccess } from "../../src/domain/subscription/entitlement.ts";
import { ownerOf, type TestBrowser } from "../support/browser-session.ts";
import { McpClient } from "../support/mcp-client.ts";
import { CALLBACK, OAuthClient, tokensOf } from "../support/oauth-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let client: OAuthClient;

beforeAll(async () => {
  node = await startNode(folder.path, { clock, env: { POSTHORN_MCP: "write", POSTHORN_TRUSTED_PROXIES: "127.0.0.1" } });
  owner = await ownerOf(node);
  client = await OAuthClient.register(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const newClient = (): Promise<OAuthClient> => OAuthClient.register(node);

/** Status of a call with this token at the MCP endpoint. */
async function reach(token: string): Promise<number> {
  return (await new McpClient(node, token).request("tools/list")).status;
}

/** A time after which a refresh may no longer be repeated. */
const afterGrace = (): void => clock.advance(61_000);

describe("refresh tokens", () => {
  it("that are used again after a minute end the connection", async () => {
    const own = await newClient();
    const first = await own.connect(owner, true);
    const second = tokensOf(await own.refresh(first.refresh, { resource: `${node.url}/mcp` }));
    expect([await reach(second.access), second.scope]).toEqual([200, first.scope]);
    afterGrace();
    expect((await own.refresh(first.refresh)).json["error"]).toBe("invalid_grant");
    expect([await reach(second.access), (await own.refresh(second.refresh)).status]).toEqual([401, 400]);
    const entries = (await owner.send("GET", "audit?limit=5")).json["data"] as Record<string, unknown>[];
    expect(entries[0]).toMatchObject({ action: "connected-client.reuse", target: { name: "Test client" } });
  });

  it("that were replaced twice end the connection at once", async () => {
    const own = await newClient();
    const first = await own.connect(owner);
    const second = tokensOf(await own.refresh(first.refresh));
    const third = tokensOf(await own.refresh(second.refresh));
    expect((await own.refresh(first.refresh)).json["error"]).toBe("invalid_grant");
    expect(await reach(third.access)).toBe(401);
  });

  it("give working tokens to each of two requests at the same time", async () => {
    const own = await newClient();
    const { access, refresh } = await own.connect(owner);
    const [one, other] = (await Promise.all([own.refresh(refresh), own.refresh(refresh)])).map(tokensOf);
    expect([await reach(one!.access), await reach(other!.access), await reach(access)]).toEqual([200, 200, 200]);
    // The client can continue with either response.
    afterGrace();
    const next = tokensOf(await own.refresh(one!.refresh));
    expect([await reach(next.access), (await own.refresh(other!.refresh)).status]).toEqual([200, 200]);
  });

  it("can be used again later if the client never got the response", async () => {
    const own = await newClient();
    const { refresh } = await own.connect(owner);
    await own.refresh(refresh);
    clock.advance(2 * 3_600_000);
    const { access } = tokensOf(await own.refresh(refresh));
    expect(await reach(access)).toBe(200);
  });

  it("keep the previous access token valid for a minute, and no longer than before", async () => {
    const own = await newClient();
    const first = await own.connect(owner);
    const second = tokensOf(await own.refresh(first.refresh));
    expect(await reach(first.access)).toBe(200);
    afterGrace();
    expect([await reach(first.access), await reach(second.access)]).toEqual([401, 200]);
    clock.advance(3_600_000 - 71_000);
    await own.refresh(second.refresh);
    clock.advance(15_000);
    expect(await reach(second.access)).toBe(401);
  });

  it("return an access token with the scope that the client requests, and keep the scopes that the user granted", async () => {
    const own = await newClient();
    const wide = await own.connect(owner, true);
    const narrow = tokensOf(await own.refresh(wide.refresh, { scope: "mcp:read" }));
    const publish = async (token: string): Promise<number> =>
      (await new McpClient(node, token).request("tools/call", { name: "publish_write", arguments: {} })).status;
    expect([narrow.scope, await publish(narrow.access)]).toEqual(["mcp:read", 403]);
    const again = tokensOf(await own.refresh(narrow.refresh));
    expect([again.scope, await publish(again.access)]).toEqual(["mcp:read mcp:write", 200]);
    // The narrow one is still valid, and has gained no scopes.
    expect([await reach(narrow.access), await publish(narrow.access)]).toEqual([200, 403]);
  });

  it("are bound to their client, resource and scope", async () => {
    const own = await newClient();
    const { refresh } = await own.connect(owner);
    expect((await (await newClient()).refresh(refresh)).json["error"]).toBe("invalid_grant");
    expect((await own.refresh(refresh, { resource: "https://elsewhere.example/mcp" })).json["error"]).toBe(
      "invalid_target",
    );
    expect((await own.refresh(refresh, { scope: "mcp:read mcp:write" })).json["error"]).toBe("invalid_scope");
    expect((await own.refresh(refresh)).status).toBe(200);
  });

  it("can be revoked by the client, like access tokens, and unknown ones cause no error", async () => {
    for (const kind of ["access", "refresh"] as const) {
      const own = await newClient();
      const tokens = await own.connect(owner);
      expect((await own.revoke(tokens[kind])).status).toBe(200);
      expect([await reach(tokens.access), (await own.refresh(tokens.refresh)).status]).toEqual([401, 400]);
    }
    expect((await client.revoke("pho_unknown")).status).toBe(200);
  });
});

describe("a connection", () => {
  it("for an earlier address of the server is removed when the client refreshes", async () => {
    const own = await newClient();
    const { access, refresh } = await own.connect(owner);
    const { store } = node.services;
    const ofOwn = store.db.selectFrom("connected_client").select("id").where("client_id", "=", own.id);
    const { id } = await ofOwn.executeTakeFirstOrThrow();
    await store.transaction(async ({ db }) => {
      const resource = "https://earlier.example/mcp";
      await db.updateTable("connected_client").set({ resource }).where("id", "=", id).execute();
    });
    expect([await reach(access), (await own.refresh(refresh)).json["error"]]).toEqual([401, "invalid_grant"]);
    expect(await ofOwn.executeTakeFirst()).toBeUndefined();
  });

  it("of a client that registered itself is rejected while only metadata documents are accepted", async () => {
    const own = await newClient();
    const { access, refresh } = await own.connect(owner);
    const code = await own.code(owner);
    const { rules } = node.services;
    const changing = rules as { connectedClients: typeof rules.connectedClients };
    const before = rules.connectedClients;
    changing.connectedClients = { ...before, registration: "documents" };
    try {
      expect(await reach(access)).toBe(401);
      expect((await own.refresh(refresh)).json["error"]).toBe("invalid_client");
      expect((await own.exchange(code)).json["error"]).toBe("invalid_client");
      const body = { request: own.query(), approve: true };
      const asked = await owner.send("POST", "connected-client/authorization", body);
      expect([asked.status, asked.json["detail"]]).toEqual([400, expect.stringContaining("POSTHORN_MCP_OAUTH")]);
    } finally {
      changing.connectedClients = before;
    }
    // The setting can be reverted without loss.
    expect((await own.refresh(refresh)).status).toBe(200);
  });
});

describe("a subscription", () => {
  it("moves to the next connection of a registered client, and ends with it", async () => {
    const app = String((await owner.send("POST", "app", { name: "Subscribed" })).json["id"]);
    await owner.send("POST", "event-type", { name: "order.made", description: "An order" });
    await using receiver = await startReceiver();
    receiver.respondWith(({ body }) => {
      const { challenge } = JSON.parse(body.toString()) as { readonly challenge?: string };
      return challenge === undefined ? 204 : { status: 200, body: JSON.stringify({ challenge }) };
    });
    const own = await newClient();
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    const delivery = { mode: "webhook", url: `${receiver.url}/events`, secret };
    const subscribe = async (token: string): Promise<unknown> => {
      const params = { name: "order.made", arguments: { app }, cursor: null, delivery };
      const { result, text } = await new McpClient(node, token).request("events/subscribe", params);
      return result?.["id"] ?? text;
    };
    const lost = async (): Promise<readonly unknown[]> => {
      const { db } = node.services.store;
      const rows = await db
        .selectFrom("subscription as s")
        .innerJoin("application as a", "a.id", "s.app_id")
        .select(["s.principal", "a.id as appKey", "a.org_id as orgKey"])
        .where("s.protocol", "=", "mcp")
        .execute();
      const held = rows.map((row) => ({ ...row, principal: row.principal ?? "", tokenHash: null, confirmedAt: 0 }));
      return withoutAccess(db, held, clock.now());
    };
    const id = await subscribe((await own.connect(owner, true)).access);
    expect(id).toEqual(expect.stringMatching(/^sub/));
    const again = await own.connect(owner, true);
    expect([await subscribe(again.access), await lost()]).toEqual([id, []]);
    // A connection that may only read could not have created it.
    const { refresh } = await own.connect(owner);
    expect(await lost()).toHaveLength(1);
    await own.revoke(refresh);
    await eventually(async () => {
      const { db } = node.services.store;
      expect(await db.selectFrom("subscription").select("id").where("protocol", "=", "mcp").execute()).toEqual([]);
    });
  });
});

describe("requests with made-up tokens", () => {
  const guess = `phr_${"a".repeat(43)}.${"b".repeat(43)}`;

  it("do not begin a transaction", async () => {
    const begin = vi.spyOn(node.services.store, "transaction");
    const statuses = [
      await client.refresh(guess),
      await client.exchange("phx_guess"),
      await client.revoke(guess),
      await client.revoke("pho_guess"),
    ].map(({ status }) => status);
    const names = begin.mock.calls.map(([, name]) => name ?? "");
    begin.mockRestore();
    expect([statuses, names.filter((name) => name.startsWith("oauth."))]).toEqual([[400, 400, 200, 200], []]);
  });
});

describe("registration", () => {
  it("is limited for each network, whichever of its addresses the requests come from", async () => {
    const register = async (ip: string): Promise<number> => {
      const headers = { "content-type": "application/json", "x-forwarded-for": ip };
      const body = JSON.stringify({ redirect_uris: [CALLBACK] });
      return (await fetch(`${node.url}/oauth/register`, { method: "POST", headers, body })).status;
    };
    const statuses = [];
    for (let n = 1; n <= 31; n++) statuses.push(await register(`2001:db8:1:2::${n.toString(16)}`));
    expect([statuses[0], statuses.at(-1), await register("2001:db8:1:3::1")]).toEqual([201, 429, 201]);
  });
});
