/** Portal keys: their permissions, and how they end. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { McpClient } from "./support/mcp-client.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
let customer: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
  for (const uid of ["app", "other"]) await owner.call("POST", "app", { name: uid, uid });
  customer = await owner.portal(["ViewBase", "ManageEndpoint"]);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Created {
  readonly id: string;
  readonly token: string;
}

async function keyBy(creator: Tenant, fields: object = {}): Promise<Created> {
  const { status, json, text } = await creator.call("POST", "app/app/portal-key", { name: "Agent", ...fields });
  if (status !== 201) throw new Error(text);
  return json as unknown as Created;
}

const statusOf = async (token: string, path = "app/app/endpoint") => (await owner.as(token).call("GET", path)).status;

describe("a portal key", () => {
  it("reads its application over the API and MCP, and no other one", async () => {
    const { token } = await keyBy(customer);
    expect(token).toMatch(/^phc_[\w-]{43}$/);
    expect([await statusOf(token), await statusOf(token, "app/other/endpoint")]).toEqual([200, 404]);
    expect(await new McpClient(node, token, "/mcp/app/app").request("tools/list")).toMatchObject({ status: 200 });
    expect(await new McpClient(node, token, "/mcp/app/other").request("tools/list")).toMatchObject({ status: 404 });
    expect(await new McpClient(node, token).request("tools/list")).toMatchObject({ status: 403 });
  });

  it("can only read unless it was given more permissions", async () => {
    const body = { url: "https://example.com/hook" };
    const reading = owner.as((await keyBy(customer)).token);
    expect((await reading.call("POST", "app/app/endpoint", body)).status).toBe(403);
    const writing = owner.as((await keyBy(customer, { capabilities: ["ViewBase", "ManageEndpoint"] })).token);
    expect((await writing.call("POST", "app/app/endpoint", body)).status).toBe(201);
  });

  it("cannot do more than its creator, nor create or revoke keys", async () => {
    const wanted = { name: "Agent", capabilities: ["ViewBase", "ViewEndpointSecret"] };
    expect((await customer.call("POST", "app/app/portal-key", wanted)).status).toBe(403);
    const operator = (await owner.call("POST", "auth/api-key", { name: "k", scopes: ["read", "tokens:issue"] })).json;
    expect((await owner.as(operator["token"] as string).call("POST", "app/app/portal-key", { name: "k" })).status).toBe(
      403,
    );
    const { id, token } = await keyBy(customer);
    expect((await owner.as(token).call("POST", "app/app/portal-key", { name: "k" })).status).toBe(403);
    expect((await owner.as(token).call("DELETE", `app/app/portal-key/${id}`)).status).toBe(403);
  });

  it("cannot be created or revoked with a read-only link", async () => {
    const reader = await owner.portal(["ViewBase"]);
    const { id } = await keyBy(customer);
    expect((await reader.call("POST", "app/app/portal-key", { name: "k" })).status).toBe(403);
    expect((await reader.call("DELETE", `app/app/portal-key/${id}`)).status).toBe(403);
    expect((await reader.call("GET", "app/app/portal-key")).status).toBe(200);
  });

  it("is shown once", async () => {
    const { id, token } = await keyBy(customer, { name: "Shown once" });
    const { text, json } = await customer.call("GET", "app/app/portal-key");
    expect(text).not.toContain(token);
    const listed = (json["data"] as Record<string, unknown>[]).find((key) => key["id"] === id);
    expect(listed).toMatchObject({ name: "Shown once", tokenCensored: `phc_…${token.slice(-4)}`, expiresAt: null });
  });
});

describe("a portal key ends", () => {
  it("when it is revoked, by the customer or the operator", async () => {
    for (const revoker of [customer, owner]) {
      const { id, token } = await keyBy(customer);
      expect(await statusOf(token)).toBe(200);
      expect((await revoker.call("DELETE", `app/app/portal-key/${id}`)).status).toBe(204);
      expect(await statusOf(token)).toBe(401);
    }
  });

  it("but not by a call for another application", async () => {
    const { id, token } = await keyBy(customer);
    expect((await owner.call("DELETE", `app/other/portal-key/${id}`)).status).toBe(404);
    expect(await statusOf(token)).toBe(200);
  });

  it("with all tokens of its application, and later keys do not", async () => {
    const { token } = await keyBy(customer);
    expect((await owner.call("POST", "auth/app/app/expire-all", { expiry: 0 })).status).toBeLessThan(300);
    expect(await statusOf(token)).toBe(401);
    expect(await statusOf((await keyBy(owner)).token)).toBe(200);
  });

  it("when it signs out", async () => {
    const { token } = await keyBy(owner);
    await owner.as(token).call("POST", "auth/logout");
    expect(await statusOf(token)).toBe(401);
  });
});
