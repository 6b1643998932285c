/** Nodes that lack the package of a destination kind: alone, and next to a node that has it. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { sql } from "kysely";
import { afterAll, describe, expect, it } from "vitest";
import { MAX_NODES, shardOf } from "../src/store/shards.ts";
import { EXAMPLE_KIND } from "./support/example-kind.ts";
import { registerKind } from "./support/kinds.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const ENDPOINT = "app/app/endpoint";
const registered = registerKind("exampleQueue", EXAMPLE_KIND);
const withoutPackage = {
  missingPackages: (kind: string) => (kind === "exampleQueue" ? ["queue-client@2"] : []),
};

afterAll(() => registered[Symbol.dispose]());

const config = (serverUrl: string) => ({ serverUrl, queue: "invoices", token: "token" });
const stateOf = async (node: TestNode, uid: string): Promise<unknown> =>
  (await new Tenant(node).call("GET", `${ENDPOINT}/${uid}/state`)).json;
const publish = async (node: TestNode): Promise<string> => {
  const input = { eventType: "invoice.paid", payload: {} };
  const { status, json } = await new Tenant(node).call("POST", "app/app/msg", input);
  expect(status).toBe(202);
  return json["id"] as string;
};

describe("a single node without the package of a kind", () => {
  it("keeps the deliveries without using up attempts, says what to install, and continues once it is installed", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 200, body: "reference-1" });
    await using stack = new AsyncDisposableStack();
    {
      await using node = await startNode(folder.path);
      const tenant = new Tenant(node);
      await tenant.call("POST", "app", { name: "Test", uid: "app" });
      const input = { uid: "queue", kind: "exampleQueue", config: config(receiver.url) };
      expect((await tenant.call("POST", ENDPOINT, input)).status).toBe(201);
    }
    {
      await using node = await startNode(folder.path, withoutPackage);
      const tenant = new Tenant(node);
      const id = await publish(node);
      // A later delivery of another endpoint shows that the node has handled the first one.
      const hook = { uid: "hook", url: `${receiver.url}/hook` };
      expect((await tenant.call("POST", ENDPOINT, hook)).status).toBe(201);
      await publish(node);
      await eventually(() => expect(receiver.requests.map(({ path }) => path)).toEqual(["/hook"]));
      expect(await stateOf(node, "queue")).toMatchObject({
        state: "unavailable",
        reason: expect.stringContaining('Run "npm i queue-client@2"'),
      });
      expect((await tenant.call("GET", `${ENDPOINT}/queue`)).json).toMatchObject({ disabled: false });
      const attempts = await tenant.call("GET", `app/app/attempt/msg/${id}`);
      expect(attempts.json["data"]).toEqual([]);
    }
    const node = stack.use(await startNode(folder.path));
    await eventually(() =>
      expect(receiver.requests.map(({ path }) => path)).toEqual(["/hook", "/invoices", "/invoices"]),
    );
    expect(await stateOf(node, "queue")).toMatchObject({ state: "active" });
  });
});

/** States of the endpoints that follow from the owner of each shard alone. */
async function statesByOwner({ services }: TestNode): Promise<Readonly<Record<string, unknown>>> {
  const { nodes, shards } = await services.cluster.view();
  const able = new Set(nodes.filter(({ kinds }) => kinds?.includes("exampleQueue")).map(({ id }) => id));
  const endpoints = await services.store.db.selectFrom("endpoint").select(["id", "uid"]).execute();
  const isSent = (id: number): boolean => able.has(shards[shardOf(id)]!.nodeId ?? 0);
  return Object.fromEntries(endpoints.map(({ id, uid }) => [uid, isSent(id) ? "active" : "unavailable"]));
}

async function statesShownBy(node: TestNode, uids: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const states = await Promise.all(uids.map((uid) => stateOf(node, uid)));
  return Object.fromEntries(uids.map((uid, index) => [uid, (states[index] as { readonly state: string }).state]));
}

/**
 * Live nodes of a version that stores no kinds, in all free slots. Because of them, shards move regardless of kinds, and each node keeps
 * one.
 */
const ADD_OLD_NODES = sql`
  INSERT INTO node (slot, host, version, secrets_mark, started_at, seen_at, leased_until)
  SELECT slot, 'old', '0', (SELECT max(secrets_mark) FROM node), clock_ms(), clock_ms(), clock_ms() + 600000
  FROM generate_series(0, ${MAX_NODES}::bigint - 1) AS slot WHERE slot NOT IN (SELECT slot FROM node)`;
const REMOVE_OLD_NODES = sql`DELETE FROM node WHERE host = 'old'`;

describe.runIf(onPostgres)("a node without the package of a kind, next to one that has it", () => {
  it("leaves the lanes of the kind to the other node, shows those that it must keep, and takes over all of them without sending when the other node ends", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 200, body: "reference-1" });
    await using stack = new AsyncDisposableStack();
    const lacking = stack.use(await startNode(folder.path, withoutPackage));
    const tenant = new Tenant(lacking);
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    const refused = await tenant.call("POST", ENDPOINT, { kind: "exampleQueue", config: config(receiver.url) });
    expect(refused.status).toBe(422);
    const complete = await startNode(folder.path);
    // The other node detects this in its next round.
    const uids = ["one", "two", "three", "four", "five", "six"];
    for (const uid of uids) {
      const input = { uid, kind: "exampleQueue", config: config(receiver.url) };
      await eventually(async () => expect((await tenant.call("POST", ENDPOINT, input)).status).toBe(201));
    }
    await publish(lacking);
    await eventually(() => expect(receiver.requests).toHaveLength(uids.length));
    for (const uid of uids) expect(await stateOf(lacking, uid)).toMatchObject({ state: "active" });

    const { db } = complete.services.store;
    await ADD_OLD_NODES.execute(db);
    await eventually(async () => {
      const expected = await statesByOwner(complete);
      expect(Object.values(expected)).toContain("unavailable");
      for (const node of [lacking, complete]) expect(await statesShownBy(node, uids)).toEqual(expected);
    });
    await REMOVE_OLD_NODES.execute(db);
    const allActive = Object.fromEntries(uids.map((uid) => [uid, "active"]));
    await eventually(async () => expect(await statesShownBy(lacking, uids)).toEqual(allActive));

    await complete[Symbol.asyncDispose]();
    await eventually(async () => expect(await stateOf(lacking, "one")).toMatchObject({ state: "unavailable" }));
    const id = await publish(lacking);
    for (const uid of uids) expect(await stateOf(lacking, uid)).toMatchObject({ state: "unavailable" });
    expect((await tenant.call("GET", `app/app/attempt/msg/${id}`)).json["data"]).toEqual([]);
    expect(receiver.requests).toHaveLength(uids.length);

    stack.use(await startNode(folder.path));
    await eventually(() => expect(receiver.requests).toHaveLength(2 * uids.length));
    expect((await tenant.call("GET", `${ENDPOINT}/one`)).json).toMatchObject({ disabled: false });
  });
});
