/** Signed test requests to a source. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function source(fields: object): Promise<string> {
  const { status, json, text } = await owner.at("ingest/api/v1", "POST", "source", { name: "Source", ...fields });
  if (status !== 201) throw new Error(text);
  return String(json["id"]);
}

const test = (id: string, as = owner) => as.at("ingest/api/v1", "POST", `source/${id}/test`);

async function eventsOf(id: string): Promise<readonly { readonly trust: string }[]> {
  const { json } = await owner.at("ingest/api/v1", "GET", `source/${id}/event`);
  return json["data"] as readonly { readonly trust: string }[];
}

it.each([
  ["github", { secrets: ["s3cret"] }],
  ["stripe", { secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] }],
])("are signed like those of %s, verified, and each stored as an event", async (type, fields) => {
  const id = await source({ type, ...fields });
  for (const count of [1, 2]) {
    const { status, json } = await test(id);
    expect([status, json]).toMatchObject([200, { accepted: true }]);
    const events = await eventsOf(id);
    expect(events.map(({ trust }) => trust)).toEqual(Array.from({ length: count }, () => "signed"));
  }
});

it("are rejected without a secret, for unknown sources, and without permission to publish", async () => {
  const id = await source({ type: "github" });
  expect((await test(id)).json).toMatchObject({ code: "source_secret_invalid" });
  expect(await eventsOf(id)).toEqual([]);
  expect((await test("src_missing")).status).toBe(404);
  await owner.call("POST", "app", { name: "app", uid: "app" });
  const customer = await owner.portal(["ViewBase", "ManageEndpoint"]);
  expect((await test(id, customer)).status).toBeGreaterThanOrEqual(403);
  const { json } = await owner.call("POST", "auth/api-key", { name: "reader", scopes: ["read"] });
  expect((await test(id, owner.as(String(json["token"])))).status).toBe(403);
});
