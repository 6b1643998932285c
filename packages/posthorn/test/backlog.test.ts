import { eventually, type Receiver, type ReceiverResponse, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const MAX = 5;
const MESSAGE = { eventType: "a", payload: {} };

let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
const folder = temporaryFolder();

beforeAll(async () => {
  receiver = await startReceiver();
  node = await startNode(folder.path, {
    env: {
      POSTHORN_MAX_BACKLOG: String(MAX),
      POSTHORN_ENDPOINT_CONCURRENCY: "1",
      POSTHORN_METRICS_LISTEN: "127.0.0.1:0",
    },
  });
  tenant = new Tenant(node);
  for (const app of ["busy", "quiet"]) {
    await tenant.call("POST", "app", { name: app, uid: app });
    await tenant.call("POST", `app/${app}/endpoint`, { url: `${receiver.url}/${app}` });
  }
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const publish = (app: string) =>
  fetch(`${node.url}/api/v1/app/${app}/msg`, {
    method: "POST",
    headers: { authorization: `Bearer ${node.token}`, "content-type": "application/json" },
    body: JSON.stringify(MESSAGE),
  });

async function metric(): Promise<number> {
  const text = await (await fetch(node.metricsUrl!)).text();
  return Number(/^posthorn_backlog_deliveries (\d+)/m.exec(text)?.[1]);
}

describe("a backlog above POSTHORN_MAX_BACKLOG", () => {
  it("rejects messages of its application, and no others, until it is smaller", async () => {
    const response = Promise.withResolvers<ReceiverResponse>();
    receiver.respondWith(({ path }) => (path === "/busy" ? response.promise : 204));
    for (let n = 0; n < 2 * MAX; n++) expect((await publish("busy")).status).toBe(202);
    const refused = await eventually(async () => {
      const reply = await publish("busy");
      expect(reply.status).toBe(429);
      return reply;
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "backlog_full" });
    const batch = await tenant.call("POST", "app/busy/msg/batch", { messages: [MESSAGE] });
    expect(JSON.stringify(batch.json)).toContain("backlog_full");
    expect((await publish("quiet")).status).toBe(202);
    expect(await metric()).toBeGreaterThan(MAX);

    response.resolve(204);
    await eventually(async () => expect((await publish("busy")).status).toBe(202));
    await eventually(async () => expect(await metric()).toBeLessThanOrEqual(MAX));
  });
});
