/** Endpoints at captures of the same server, under rules that allow only public addresses. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const HOUR_MS = 3_600_000;
const clock = new ShiftedClock();
const stack = new AsyncDisposableStack();
let node: TestNode;
let tenant: Tenant;

beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  // Nothing listens there: deliveries to captures need no connection.
  const env = { POSTHORN_EGRESS_ALLOW: "external", POSTHORN_INGEST_URL: "http://localhost:8071" };
  node = stack.use(await startNode(folder.path, { env, clock }));
  tenant = new Tenant(node);
});

afterAll(() => stack.disposeAsync());

interface Capture {
  readonly id: string;
  readonly ingestUrl: string;
}

async function newSource(fields: object, of = tenant): Promise<Capture> {
  const { json, text, status } = await of.at("ingest/api/v1", "POST", "source", {
    name: "Test receiver",
    type: "generic-webhook",
    verification: { scheme: "none" },
    allowUnsigned: true,
    methods: ["POST"],
    deduplication: "off",
    ...fields,
  });
  if (status !== 201) throw new Error(text);
  return json as unknown as Capture;
}

const inOneHour = () => ({ expiresAt: new Date(clock.now() + HOUR_MS).toISOString() });

async function attemptOf(app: string): Promise<Record<string, unknown>> {
  const { json } = await tenant.call("POST", `app/${app}/msg`, { eventType: "a", payload: { amount: 1 } });
  return eventually(async () => {
    const { json: list } = await tenant.call("GET", `app/${app}/attempt/msg/${String(json["id"])}`);
    const [attempt] = list["data"] as Record<string, unknown>[];
    if (attempt === undefined) throw new Error("no attempt yet");
    return attempt;
  });
}

it("delivers to a capture of this server, which stores the signed request and responds as configured", async () => {
  const capture = await newSource({ ...inOneHour(), response: { status: 202, body: "seen" } });
  await tenant.call("POST", "app", { name: "Demo", uid: "demo" });
  const { status } = await tenant.call("POST", "app/demo/endpoint", { url: capture.ingestUrl, uid: "ep" });
  expect(status).toBe(201);
  expect(await attemptOf("demo")).toMatchObject({ status: 0, responseStatusCode: 202, response: "seen" });
  const { json: events } = await tenant.at("ingest/api/v1", "GET", `source/${capture.id}/event`);
  const [{ id }] = events["data"] as [{ id: string }];
  const { json: event } = await tenant.at("ingest/api/v1", "GET", `source/${capture.id}/event/${id}`);
  expect(event).toMatchObject({ method: "POST", path: "", query: "" });
  const names = (event["headers"] as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["webhook-id", "webhook-signature", "content-type"]));
});

it("allows only the URL of a live capture of the same organisation, and nothing else on this server", async () => {
  await tenant.call("POST", "app", { name: "Strict", uid: "strict" });
  const capture = await newSource(inOneHour());
  const permanent = await newSource({});
  const foreign = await newSource(inOneHour(), tenant.as(await node.tokenOf("org_0000000000000000000000other")));
  const { ingestUrl: url } = capture;
  const token = url.slice(-40);
  const refused = [
    `${url}/path`,
    `${url}?query=1`,
    `${url}#part`,
    `${url}/../../api/v1/app`,
    url.replace("://", "://user@"),
    url.slice(0, -1),
    url.replace(token, token.toUpperCase()),
    url.replace(token, "0".repeat(40)),
    url.replace("localhost", "127.0.0.1"),
    url.replace("8071", "8072"),
    permanent.ingestUrl,
    foreign.ingestUrl,
    `${node.url}/api/v1/app`,
  ];
  for (const target of refused) {
    const { json } = await tenant.call("POST", "egress/check", { url: target });
    expect([target, json["allowed"]]).toEqual([target, false]);
  }
  expect((await tenant.call("POST", "egress/check", { url })).json).toMatchObject({ allowed: true });
  // Rules for addresses apply at the attempt; rules for names apply when the endpoint is created.
  for (const target of [permanent.ingestUrl, foreign.ingestUrl]) {
    expect((await tenant.call("POST", "app/strict/endpoint", { url: target })).status).toBe(422);
  }
  expect((await tenant.call("POST", "app/strict/endpoint", { url: `${node.url}/api/v1/app` })).status).toBe(201);
  expect(await attemptOf("strict")).toMatchObject({ status: 2, errorCode: "blocked_address" });
});

it("applies the usual rules again when the capture has expired", async () => {
  const capture = await newSource(inOneHour());
  await tenant.call("POST", "app", { name: "Later", uid: "later" });
  await tenant.call("POST", "app/later/endpoint", { url: capture.ingestUrl });
  expect(await attemptOf("later")).toMatchObject({ status: 0 });
  clock.advance(HOUR_MS + 1000);
  expect(await attemptOf("later")).toMatchObject({ status: 2, errorCode: expect.stringMatching(/^blocked_/) });
});

it("rejects deliveries of other kinds, which do not count how often an event was forwarded", async () => {
  using folder = temporaryFolder();
  const env = { POSTHORN_EGRESS_ALLOW: "external", POSTHORN_INGEST_URL: "http://127.0.0.1:8071" };
  await using other = await startNode(folder.path, { env, clock });
  const owner = new Tenant(other);
  const { id, ingestUrl: url } = await newSource(inOneHour(), owner);
  // The events of the capture are sent back to it.
  const loop = await owner.at("ingest/api/v1", "POST", `source/${id}/endpoint`, {
    kind: "cloudEvents",
    config: { url },
  });
  expect([loop.status, loop.text]).toEqual([201, loop.text]);
  await owner.call("POST", "app", { name: "Demo", uid: "demo" });
  await owner.call("POST", "app/demo/endpoint", { url });
  await owner.call("POST", "app/demo/msg", { eventType: "a", payload: { amount: 1 } });
  const { db } = other.services.store;
  const attempts = () =>
    db
      .selectFrom("attempt")
      .innerJoin("endpoint", "endpoint.id", "attempt.endpoint_id")
      .select(["endpoint.kind", "attempt.status"])
      .orderBy("attempt.id")
      .execute();
  await expect.poll(async () => (await attempts()).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
  expect(await attempts()).toEqual([
    { kind: "http", status: 0 },
    { kind: "cloudEvents", status: 2 },
  ]);
});
