/** Nodes that lack the package of a destination kind: alone, and next to a node that has it. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, describe, expect, it } from "vitest";
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
  it("keeps the deliveries without using an attempt, says what to install, and continues once it is there", async () => {
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
      // A later delivery of another endpoint shows that the node has had its turn.
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

describe.runIf(onPostgres)("a node without the package of a kind, next to one that has it", () => {
  it("leaves the lanes of the kind to the other node, and takes them without sending when that one ends", async () => {
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
    // Known to the other node with its next round.
    const uids = ["one", "two", "three", "four", "five", "six"];
    for (const uid of uids) {
      const input = { uid, kind: "exampleQueue", config: config(receiver.url) };
      await eventually(async () => expect((await tenant.call("POST", ENDPOINT, input)).status).toBe(201));
    }
    await publish(lacking);
    await eventually(() => expect(receiver.requests).toHaveLength(uids.length));
    for (const uid of uids) expect(await stateOf(lacking, uid)).toMatchObject({ state: "active" });

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
