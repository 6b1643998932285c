/** Retention periods of an application: who can set them, within which limits, and that maintenance applies them. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Maintenance } from "../src/workers/maintenance.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const DAY_MS = 86_400_000;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const RETENTION = "app/app/retention";
const SERVER = {
  payload: { days: 30, from: "server", own: null, server: 30 },
  attempt: { days: 30, from: "server", own: null, server: 30 },
  failure: { days: 60, from: "server", own: null, server: 60 },
};

let folder: ReturnType<typeof temporaryFolder>;
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;

beforeAll(async () => {
  folder = temporaryFolder();
  const env = {
    POSTHORN_PAYLOAD_RETENTION_DAYS: "30",
    POSTHORN_ATTEMPT_RETENTION_DAYS: "30",
    POSTHORN_FAILURE_RETENTION_DAYS: "60",
    POSTHORN_EGRESS_ALLOW: "loopback",
  };
  node = await startNode(folder.path, { env });
  tenant = new Tenant(node);
  receiver = await startReceiver();
  await tenant.setUp(receiver.url);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await receiver.close();
  folder[Symbol.dispose]();
});

/** Runs maintenance as if this many days had passed. */
async function maintainAfter(days: number): Promise<void> {
  const services = { ...node.services, now: () => Date.now() + days * DAY_MS };
  await services.statistics.refresh();
  await using maintenance = new Maintenance({
    auditMs: null,
    requestLogMs: 86_400_000,
    services: () => services,
    periods: services.rules.retention,
    clock: new ManualClock(),
    leads: () => true,
    onFailure: (error) => {
      throw error;
    },
  });
  await maintenance.run();
}

describe("retention periods of an application", () => {
  it("are the server's until they are set, and again when they are removed", async () => {
    expect((await tenant.call("GET", RETENTION)).json).toEqual(SERVER);
    const set = await tenant.call("PUT", RETENTION, { payloadDays: 7, attemptDays: 14 });
    const own = {
      payload: { days: 7, from: "application", own: 7, server: 30 },
      attempt: { days: 14, from: "application", own: 14, server: 30 },
      failure: SERVER.failure,
    };
    expect(set).toMatchObject({ status: 200, json: own });
    // Omitted periods are kept.
    expect((await tenant.call("PUT", RETENTION, { failureDays: 60 })).json).toMatchObject({
      ...own,
      failure: { days: 60, from: "application", own: 60 },
    });
    expect((await tenant.call("GET", RETENTION)).json).toMatchObject({ payload: own.payload, attempt: own.attempt });
    const none = { payloadDays: null, attemptDays: null, failureDays: null };
    expect((await tenant.call("PUT", RETENTION, none)).json).toEqual(SERVER);
  });

  it("are rejected above the server's, below a day, and if failures would be deleted before attempts", async () => {
    const refused = async (body: object): Promise<string> => {
      const { status, text } = await tenant.call("PUT", RETENTION, body);
      expect(status).toBe(422);
      return text;
    };
    expect(await refused({ payloadDays: 31 })).toContain("POSTHORN_PAYLOAD_RETENTION_DAYS");
    expect(await refused({ failureDays: 61 })).toContain("Use 1 to 60");
    expect(await refused({ failureDays: 29 })).toContain("30 days. Set a shorter attemptDays as well");
    expect(await refused({ attemptDays: 20, failureDays: 10 })).toContain("20 days");
    for (const payloadDays of [0, -1, 1.5, "week", 1e9]) await refused({ payloadDays });
    expect((await tenant.call("GET", RETENTION)).json).toEqual(SERVER);
    expect(await tenant.call("PUT", "app/other/retention", { payloadDays: 7 })).toMatchObject({ status: 404 });
    expect(await tenant.call("GET", "app/other/retention")).toMatchObject({ status: 404 });
  });

  it("can be changed when the operator has since lowered the server's below them", async () => {
    const { store } = node.services;
    const { key } = (await store.db
      .selectFrom("application")
      .select("id as key")
      .where("uid", "=", "app")
      .executeTakeFirst())!;
    const longer = { payload_days: null, attempt_days: 75, failure_days: null };
    await store.transaction(({ db }) =>
      db
        .insertInto("application_retention")
        .values({ app_id: key, ...longer })
        .onConflict((conflict) => conflict.column("app_id").doUpdateSet(longer))
        .execute(),
    );
    expect(await tenant.call("PUT", RETENTION, { payloadDays: 7 })).toMatchObject({
      status: 200,
      json: { payload: { days: 7 }, attempt: { days: 30, from: "server", own: 75 }, failure: SERVER.failure },
    });
    await tenant.call("PUT", RETENTION, { payloadDays: null, attemptDays: null, failureDays: null });
  });

  it("cannot be set by customers", async () => {
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    expect(await portal.call("GET", RETENTION)).toMatchObject({ status: 403 });
    expect(await portal.call("PUT", RETENTION, { payloadDays: 7 })).toMatchObject({ status: 403 });
  });

  it("leave one entry in the audit log, with the values before and after", async () => {
    await tenant.call("PUT", RETENTION, { payloadDays: 9 });
    const { json } = await tenant.call("GET", "audit?limit=250");
    const entries = (json["data"] as { action: string; detail: unknown }[]).filter(
      ({ action, detail }) => action === "v1.application.set-retention" && JSON.stringify(detail).includes("9"),
    );
    expect(entries).toHaveLength(1);
    expect(entries[0]!.detail).toMatchObject({ changes: [{ field: "payloadDays", from: null, to: 9 }] });
  });

  it("delete messages of the application, and keep those of others", async () => {
    await tenant.call("POST", "app", { name: "Other", uid: "second" });
    await tenant.call("PUT", RETENTION, { payloadDays: 2, attemptDays: 2 });
    const publish = async (app: string): Promise<string> => {
      const { json } = await tenant.call("POST", `app/${app}/msg`, { eventType: "other.type", payload: { n: 1 } });
      return `app/${app}/msg/${String(json["id"])}`;
    };
    const [mine, other] = [await publish("app"), await publish("second")];
    // A pending delivery would keep the message.
    await eventually(async () => {
      const deliveries = await node.services.store.db.selectFrom("delivery").select("due").execute();
      expect(deliveries).toEqual([{ due: null }]);
    });
    await maintainAfter(3);
    expect(await tenant.call("GET", mine)).toMatchObject({ status: 404 });
    expect(await tenant.call("GET", other)).toMatchObject({ status: 200, json: { payload: { n: 1 } } });
  });

  it("of a source also delete its quarantined requests, and limit how far back events are fetched", async () => {
    const made = await tenant.at("ingest/api/v1", "POST", "source", { name: "In", type: "stripe", secrets: [SECRET] });
    const { id, ingestUrl } = made.json as { id: string; ingestUrl: string };
    expect(await tenant.call("PUT", `app/${id}/retention`, { payloadDays: 1, attemptDays: 1 })).toMatchObject({
      status: 200,
    });
    await fetch(ingestUrl, { method: "POST", body: '{"n":1}' });
    const quarantined = async (): Promise<number> =>
      (await node.services.store.db.selectFrom("quarantine").select("id").execute()).length;
    await expect.poll(quarantined, { timeout: 60_000 }).toBe(1);
    await maintainAfter(0.5);
    expect(await quarantined()).toBe(1);
    await maintainAfter(1.5);
    expect(await quarantined()).toBe(0);
    const backfill = { provider: "stripe", token: "t", apiUrl: "http://127.0.0.1:8999" };
    const path = `source/${id}/backfill`;
    expect(await tenant.at("ingest/api/v1", "PUT", path, backfill)).toMatchObject({ status: 200 });
    // Older events were deleted here, and would look as if they had never arrived.
    const { json } = await tenant.at("ingest/api/v1", "POST", `${path}/run`, { since: "2026-01-01T00:00:00Z" });
    expect(Date.now() - Date.parse(json["since"] as string)).toBeLessThan(25 * 3_600_000);
  });
});
