/** An identity provider that accepts connections and does not respond: only people who sign in at it wait. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hashToken } from "../../src/domain/auth/hash-token.ts";
import { sealedIn } from "../../src/store/sealed-columns.ts";
import { join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

const PASSWORD = "green-lanterns-drift-away";

const folder = temporaryFolder();
let node: TestNode;
let owner: TestBrowser;
let provider: string;
let server: Server;
/** Requests without a response from the provider. */
let waiting: ServerResponse[] = [];

beforeAll(async () => {
  server = createServer((_request, response) => waiting.push(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  node = await startNode(folder.path);
  owner = await ownerOf(node);
  const { json } = await owner.send("POST", "identity-provider", {
    name: "Slow",
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: "posthorn",
    clientSecret: "a secret of 32 characters, or more",
    scopes: "openid",
    roles: [],
    defaultRole: "viewer",
  });
  provider = String(json["id"]);
});

beforeEach(() => {
  waiting = [];
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const begin = () => new TestBrowser(node).send("POST", "sign-in/provider", { provider, returnTo: "/" });

const asked = () =>
  eventually(() => {
    if (waiting.length === 0) throw new Error("The provider has not been asked yet.");
    return Promise.resolve();
  });

function release(): void {
  for (const response of waiting.splice(0)) response.writeHead(503).end();
}

describe("a provider that does not respond", () => {
  it("is called once for all people who sign in at the same time, who then see why it failed", async () => {
    const replies = [begin(), begin(), begin()];
    await asked();
    // Signing in with a password does not wait for it, and neither do the sign-in page and other calls.
    const email = "quick@engines.example";
    await join(node, owner, { email, role: "viewer" });
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["status"]).toBe("signed_in");
    expect((await new TestBrowser(node).send("GET", "sign-in")).status).toBe(200);
    expect((await owner.send("GET", "app")).status).toBe(200);
    expect(waiting).toHaveLength(1);
    release();
    for (const reply of await Promise.all(replies)) expect(reply.json["code"]).toBe("identity_provider_failed");
  });

  it("is called again at the next sign-in", async () => {
    const reply = begin();
    await asked();
    release();
    expect((await reply).json["code"]).toBe("identity_provider_failed");
  });

  it("does not delay the end of a session here", async () => {
    const email = "leaving@engines.example";
    const browser = await join(node, owner, { email, role: "viewer" });
    const secret = browser.cookies.get("posthorn_session")!;
    const key = await node.services.store.db
      .selectFrom("identity_provider")
      .select("id")
      .where("public_id", "=", provider)
      .executeTakeFirstOrThrow();
    const row = await node.services.store.db
      .selectFrom("person_session")
      .select("id")
      .where("hash", "=", hashToken(secret))
      .executeTakeFirstOrThrow();
    const sealed = node.services.secretBox.seal("an.id.token", sealedIn("person_session.id_token_sealed", row.id));
    await node.services.store.transaction(async ({ db }) => {
      await db
        .updateTable("person_session")
        .set({ provider_id: key.id, id_token_sealed: sealed })
        .where("id", "=", row.id)
        .execute();
    }, "test");
    const reply = browser.send("POST", "sign-out", {});
    await asked();
    // The provider has not responded yet, and the session has ended.
    const thief = new TestBrowser(node);
    thief.cookies.set("posthorn_session", secret);
    expect((await thief.send("GET", "app")).status).toBe(401);
    release();
    expect((await reply).json).toEqual({ redirectTo: null });
    expect(browser.cookies.has("posthorn_session")).toBe(false);
  });
});
