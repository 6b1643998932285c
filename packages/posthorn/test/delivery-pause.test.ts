/** Deliveries that are paused after a restore, and how an operator resumes them. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { expect, describe, it } from "vitest";
import { command } from "./support/command.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const BACKUP_AT = Date.UTC(2026, 10, 28, 12);
const PAUSED = { paused: true, reason: "restore", backupAt: "2026-11-28T12:00:00.000Z" };
const ENDPOINTS = 8;

/** A server with endpoints at the receiver that was stopped, and that will start with paused deliveries. */
async function pausedServer(folder: string, receiver: Receiver): Promise<void> {
  await using node = await startNode(folder);
  const tenant = new Tenant(node);
  await tenant.call("POST", "app", { name: "Test", uid: "app" });
  for (let n = 0; n < ENDPOINTS; n++) {
    const { status } = await tenant.call("POST", "app/app/endpoint", { url: `${receiver.url}/${n}` });
    expect(status).toBe(201);
  }
  await node.services.store.transaction(
    ({ db }) =>
      db
        .insertInto("delivery_pause")
        .values({ id: 1, reason: "restore", paused_at: Date.now(), backup_at: BACKUP_AT })
        .execute(),
    "test.pause",
  );
}

async function publish(node: TestNode): Promise<string> {
  const { json, status } = await new Tenant(node).call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 } });
  expect(status).toBe(202);
  return json["id"] as string;
}

/** Resolves when the dispatcher has the deliveries of all endpoints in memory. Without the pause it would send them. */
async function queued(node: TestNode): Promise<void> {
  await eventually(async () => {
    const { nodes } = (await new Tenant(node).call("GET", "cluster")).json as { nodes: readonly { lanes: number }[] };
    const lanes = nodes.reduce((sum, one) => sum + one.lanes, 0);
    expect(lanes).toBe(ENDPOINTS);
  });
}

const sent = ({ requests }: Receiver): readonly string[] =>
  requests.map(({ path, headers }) => `${path} ${headers["webhook-id"]!}`).toSorted();

describe("a restored server", () => {
  it("accepts messages and sends nothing, even after a restart, and sends everything once when deliveries are resumed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await pausedServer(folder.path, receiver);
    const ids: string[] = [];
    {
      await using node = await startNode(folder.path);
      ids.push(await publish(node));
      await queued(node);
      expect(receiver.requests).toEqual([]);
    }
    await using node = await startNode(folder.path);
    // On PostgreSQL, the lanes of the second node continue by its notification.
    await using other = onPostgres ? await startNode(folder.path) : null;
    ids.push(await publish(other ?? node));
    await queued(node);
    expect(receiver.requests).toEqual([]);
    expect((await new Tenant(node).call("GET", "delivery-pause")).json).toMatchObject(PAUSED);
    const ready = await fetch(`${node.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { deliveries: "paused" }]);

    const resumed = await new Tenant(node).call("POST", "delivery-pause/resume");
    expect(resumed).toMatchObject({ status: 200, json: { paused: false, reason: null, since: null, backupAt: null } });
    const expected = ids.flatMap((id) => Array.from({ length: ENDPOINTS }, (_, n) => `/${n} ${id}`)).toSorted();
    await eventually(() => expect(sent(receiver)).toEqual(expected));
    await eventually(async () => expect((await fetch(`${(other ?? node).url}/health/ready`)).status).toBe(204));
    expect((await new Tenant(node).call("POST", "delivery-pause/resume")).status).toBe(409);
  });

  it("is resumed only by the operator's organisation, with an entry in the audit log", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await pausedServer(folder.path, receiver);
    await using node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://ingest.test" } });
    const others = new Tenant(node, await node.tokenOf("org_00000000000000000000000else"));
    expect((await others.call("GET", "delivery-pause")).json).toMatchObject(PAUSED);
    expect((await others.call("POST", "delivery-pause/resume")).status).toBe(403);
    expect((await new Tenant(node).call("GET", "delivery-pause")).json).toMatchObject(PAUSED);
    expect((await new Tenant(node).call("POST", "delivery-pause/resume")).status).toBe(200);
    const { json } = await new Tenant(node).call("GET", "audit?limit=1");
    expect(json["data"]).toMatchObject([
      { action: "v1.delivery-pause.resume", detail: { facts: { backupAt: PAUSED.backupAt } } },
    ]);
  });

  it("is resumed by posthorn resume, which also shows the state", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await pausedServer(folder.path, receiver);
    await using node = await startNode(folder.path);
    const access = ["--url", node.url, "--token", node.token];
    expect(await printed("resume", "--status", ...access)).toContain(`backup of ${PAUSED.backupAt}`);
    expect(await printed("resume", ...access)).toContain("resumed on all nodes");
    expect(JSON.parse(await printed("resume", "--status", "--json", ...access))).toMatchObject({ paused: false });
    expect(await printed("resume", ...access)).toContain("Deliveries are not paused");
  });
});

async function printed(...args: readonly string[]): Promise<string> {
  const { out, err } = await command(...args);
  return out + err;
}
