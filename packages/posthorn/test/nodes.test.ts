/** Several nodes on one PostgreSQL database. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const ENDPOINTS = 12;
const folder = temporaryFolder();
let receiver: Receiver;

/** The message ids that came to an endpoint, in order. */
function received(endpoint: number): string[] {
  return receiver.requests.filter(({ path }) => path === `/${endpoint}`).map(({ headers }) => headers["webhook-id"]!);
}

async function publish(node: TestNode, fields: object = {}): Promise<string> {
  const { status, json, text } = await new Tenant(node).call("POST", "app/app/msg", {
    eventType: "a",
    payload: {},
    ...fields,
  });
  if (status !== 202) throw new Error(text);
  return json["id"] as string;
}

/** Publishes through a node and waits until every endpoint has it. */
async function expectDelivered(node: TestNode, fields: object = {}): Promise<void> {
  const id = await publish(node, fields);
  await eventually(() => {
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) expect(received(endpoint)).toContain(id);
  });
}

describe.runIf(onPostgres)("nodes on one database", () => {
  let one: TestNode;
  let two: TestNode;

  beforeAll(async () => {
    receiver = await startReceiver();
    one = await startNode(folder.path);
    two = await startNode(folder.path);
    const tenant = new Tenant(one);
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
      const created = await tenant.call("POST", "app/app/endpoint", {
        url: `${receiver.url}/${endpoint}`,
        uid: `ep${endpoint}`,
      });
      if (created.status !== 201) throw new Error(created.text);
    }
  });

  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it("deliver what any of them accepts, each message once to each endpoint", async () => {
    await expectDelivered(one);
    await expectDelivered(two);
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
      expect(new Set(received(endpoint)).size).toBe(received(endpoint).length);
    }
  });
});
