/** The live stream shows callers only what lists show them. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";
import { CANARY, ok } from "./scene.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
  for (const uid of ["one", "two"]) await ok(owner.call("POST", "app", { name: uid, uid }));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What a key with these scopes receives while messages are published to both applications. */
async function received(scopes: readonly string[], eventType: string): Promise<string> {
  const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Key", scopes }));
  const ending = new AbortController();
  const headers = { authorization: `Bearer ${json["token"] as string}` };
  const response = await fetch(`${node.url}/api/v1/live`, { headers, signal: ending.signal });
  expect(response.status).toBe(200);
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body!) text += Buffer.from(chunk as Uint8Array).toString();
  })().catch(() => undefined);
  for (const app of ["two", "one"]) await ok(owner.call("POST", `app/${app}/msg`, { eventType, payload: {} }));
  await eventually(async () => {
    if (!text.includes('"appUid":"one"')) throw new Error("nothing yet");
  });
  ending.abort();
  await reading;
  return text;
}

it("leaves out the events of applications that a key may not see", async () => {
  expect(await received(["read", "payloads:read", "app:one"], "order.made")).not.toContain('"appUid":"two"');
  expect(await received(["read", "payloads:read"], "order.made")).toContain('"appUid":"two"');
});

it("masks event types that do not look like names for a key that may not read payloads", async () => {
  expect(await received(["read"], CANARY)).not.toContain(CANARY);
  expect(await received(["read"], "order.made")).toContain("order.made");
  expect(await received(["read", "payloads:read"], CANARY)).toContain(CANARY);
});

/** Published after the scopes were changed. */
const AFTER = "after-the-change";

it("ends when the scopes of its key are changed, so that the client reconnects with the new ones", async () => {
  const scopes = ["read", "payloads:read"];
  const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Key", scopes }));
  const headers = { authorization: `Bearer ${json["token"] as string}` };
  const open = async (path: string) => {
    const response = await fetch(`${node.url}/api/v1/${path}`, { headers });
    expect(response.status).toBe(200);
    return response.body!.getReader();
  };
  const streams = [await open("live"), await open("app/two/feed/stream")];
  await ok(owner.call("PATCH", `auth/api-key/${json["id"] as string}`, { scopes: [...scopes, "app:one"] }));
  await ok(owner.call("POST", "app/two/msg", { eventType: "a", payload: { name: AFTER } }));
  for (const stream of streams) {
    let text = "";
    for (let part = await stream.read(); !part.done; part = await stream.read())
      text += Buffer.from(part.value).toString();
    expect(text).not.toContain(AFTER);
  }
});
