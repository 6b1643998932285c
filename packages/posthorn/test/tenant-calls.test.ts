/** No request that a tenant triggers reaches an address that the operator blocks, whatever the rules of the application. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Posthorn } from "../src/embed/posthorn.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { type CallScene, DELIVERIES, OTHER_CALLS, STRICT } from "./support/tenant-calls.ts";
import { Tenant } from "./support/tenant.ts";

/** Counts connections and closes them. */
async function startCanary() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Connections since the last call. */
    take: () => {
      const taken = connections;
      connections = 0;
      return taken;
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

type Canary = Awaited<ReturnType<typeof startCanary>>;

interface Kind {
  readonly title: string;
  /** The URL of deliveries. */
  readonly url: (canary: Canary) => string;
  /** The egress settings of applications and sources. */
  readonly egress: (canary: Canary) => object;
  /** Whether they were stored while the operator allowed more. */
  readonly stored: boolean;
  /** The expected error of deliveries. */
  readonly code: string;
}

const inside = ({ address }: Canary) => `http://${address}/target`;
const outside = () => "http://203.0.114.1:8080/target";

const KINDS: readonly Kind[] = [
  {
    title: "of an application that asks for loopback",
    url: inside,
    egress: () => ({ allow: "external,loopback,127.0.0.1,0.0.0.0/0" }),
    stored: false,
    code: "blocked_address",
  },
  {
    title: "of an application that was given loopback while the operator allowed it",
    url: inside,
    egress: () => ({ allow: "external,loopback,127.0.0.1" }),
    stored: true,
    code: "blocked_address",
  },
  {
    title: "of an application with a proxy on this machine from a time when the operator allowed it",
    url: outside,
    egress: ({ address }) => ({ proxy: { url: `http://me:pass@${address}` } }),
    stored: true,
    code: "blocked_proxy",
  },
];

describe.each(KINDS)("a request $title", ({ url, egress, stored, code }) => {
  const folder = temporaryFolder();
  let canary: Canary;
  let node: TestNode;
  let tenant: Tenant;
  const sources: { id: string; ingestUrl: string }[] = [];
  const calls = [...DELIVERIES.map(([, call]) => call), ...OTHER_CALLS.map(([, , call]) => call)];

  beforeAll(async () => {
    canary = await startCanary();
    const before = stored ? { ...STRICT, POSTHORN_EGRESS_TENANT_ALLOW: "loopback" } : STRICT;
    node = await startNode(folder.path, { env: before });
    tenant = new Tenant(node);
    for (const index of calls.keys()) await setUp(index);
    if (!stored) return;
    await node[Symbol.asyncDispose]();
    node = await startNode(folder.path, { env: STRICT });
    tenant = new Tenant(node);
  });

  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function setUp(index: number): Promise<void> {
    const app = `app${index}`;
    await tenant.call("POST", "app", { name: app, uid: app });
    const endpoint = { url: url(canary), uid: "ep" };
    expect((await tenant.call("POST", `app/${app}/endpoint`, endpoint)).status).toBe(201);
    const verification = { type: "generic-webhook", verification: { scheme: "none" }, allowUnsigned: true };
    const { json } = await tenant.at("ingest/api/v1", "POST", "source", { name: app, ...verification });
    const source = json as { id: string; ingestUrl: string };
    sources[index] = source;
    const added = { url: url(canary), uid: "passed" };
    expect((await tenant.at("ingest/api/v1", "POST", `source/${source.id}/endpoint`, added)).status).toBe(201);
    for (const whose of [app, source.id]) {
      expect((await tenant.call("PUT", `app/${whose}/egress`, egress(canary))).status).toBe(stored ? 204 : 422);
    }
  }

  function scene(index: number): CallScene {
    const { id, ingestUrl } = sources[index]!;
    const path = new URL(ingestUrl).pathname;
    return {
      tenant,
      app: `app${index}`,
      url: url(canary),
      inside: inside(canary),
      source: id,
      sourceUrl: `${node.url}${path}`,
    };
  }

  it.each(DELIVERIES.map(([name, call], index) => ({ name, call, index })))("is blocked: $name", async (row) => {
    expect(await row.call(scene(row.index))).toBe(code);
    expect(canary.take()).toBe(0);
  });

  it.each(OTHER_CALLS.map(([name, outcome, call], at) => ({ name, outcome, call, index: DELIVERIES.length + at })))(
    "is blocked: $name",
    async (row) => {
      expect(await row.call(scene(row.index))).toBe(row.outcome);
      expect(canary.take()).toBe(0);
    },
  );
});

it("a request of an embedded node is blocked: a message of its typed calls", async () => {
  using folder = temporaryFolder();
  await using canary = await startCanary();
  const settings = { dataDir: folder.path, egressAllow: STRICT.POSTHORN_EGRESS_ALLOW, logLevel: "silent" };
  await using posthorn = await Posthorn.start({ settings });
  await posthorn.application.create({ name: "Test", uid: "app" });
  const { id } = await posthorn.endpoint.create("app", { url: inside(canary) });
  await posthorn.message.create("app", { eventType: "a", payload: { n: 1 } });
  const { token } = await posthorn.authentication.appPortalAccess("app", {});
  const url = `http://localhost/api/v1/app/app/attempt/endpoint/${id}`;
  const data = await eventually(async () => {
    const response = await posthorn.fetch(new Request(url, { headers: { authorization: `Bearer ${token}` } }));
    const list = (await response.json()) as { readonly data: readonly Record<string, unknown>[] };
    if (list.data.length === 0) throw new Error("no attempt yet");
    return list.data;
  });
  expect(data).toMatchObject([{ errorCode: "blocked_address" }]);
  expect(canary.take()).toBe(0);
});
