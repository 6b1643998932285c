import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemActor } from "../src/domain/access.ts";
import { CLEAR_MS, evaluateAlerts, MAX_SINGLE } from "../src/domain/alert/evaluate.ts";
import { ALERT_KIND_NAMES } from "../src/domain/alert/rule.ts";
import { evaluateCondition } from "../src/domain/alert/conditions.ts";
import { seedFailures, type SeededEndpoint } from "./support/failed-deliveries.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

interface Message {
  readonly type: string;
  readonly data: {
    readonly alertId: string;
    readonly status: string;
    readonly title: string;
    readonly test?: boolean;
    readonly alerts?: readonly object[];
  };
}

let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let node: TestNode;
let tenant: Tenant;

beforeEach(async () => {
  folder = temporaryFolder();
  receiver = await startReceiver();
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://ingest.test" } });
  tenant = new Tenant(node);
  for (const uid of ["on-call", "everything"]) {
    const eventTypes = uid === "on-call" ? ["alert.triggered"] : null;
    await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/${uid}`, uid, eventTypes });
  }
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function create(body: object): Promise<string> {
  const { status, json } = await tenant.call("POST", "alert-rule", { name: "Rule", targets: ["on-call"], ...body });
  expect(status).toBe(201);
  return json["id"] as string;
}

/** Evaluates the rules at a time from now. */
function evaluate(ms = 0): Promise<void> {
  const { services } = node;
  return evaluateAlerts({ ...services, now: () => Date.now() + ms }, (error) => {
    throw error;
  });
}

/** Messages about alerts, once this many have arrived. */
function messages(count: number, path = "/on-call"): Promise<readonly Message[]> {
  return eventually(() => {
    const arrived = receiver.requests.filter((request) => request.path === path);
    if (arrived.length < count) throw new Error(`${arrived.length} of ${count} messages`);
    return arrived.map(({ body }) => JSON.parse(body.toString()) as Message);
  });
}

/** Marks endpoints as failing for an hour, or no longer. */
async function setFailing(seeded: readonly SeededEndpoint[], isFailing: boolean): Promise<void> {
  const since = Date.now() - 3_600_000;
  await node.services.store.transaction(async ({ db }) => {
    for (const { endpointKey: endpoint_id } of seeded) {
      await db.deleteFrom("endpoint_failure").where("endpoint_id", "=", endpoint_id).execute();
      if (!isFailing) continue;
      const row = { endpoint_id, since, failures: 3, last_at: since, warned: 0, updated_at: since };
      await db.insertInto("endpoint_failure").values(row).execute();
    }
  });
}

describe("an alert rule", () => {
  it("notifies its targets, and no other endpoint, once when its condition becomes true and once when it ends", async () => {
    const seeded = await seedFailures(node.services, { count: 1, url: () => "https://one.test/secret-path" });
    const rule = await create({ kind: "endpoint-failing", params: { minutes: 10 } });
    await evaluate();
    await setFailing(seeded, true);
    await evaluate();
    await evaluate(30_000);
    const [triggered] = (await messages(1)) as [Message];
    expect(triggered).toMatchObject({ type: "alert.triggered", data: { status: "firing", rule: { id: rule } } });
    expect(triggered.data.title).toBe("The endpoint one.test of Application 0 is failing");
    expect(JSON.stringify(triggered)).not.toContain("secret-path");
    expect((await tenant.call("GET", "alert")).json["data"]).toMatchObject([{ ruleId: rule, clearedAt: null }]);

    // It recovers only briefly, which is not reported.
    await setFailing(seeded, false);
    await evaluate();
    await setFailing(seeded, true);
    await evaluate(CLEAR_MS + 1000);
    await setFailing(seeded, false);
    await evaluate();
    await evaluate(CLEAR_MS - 1000);
    await evaluate(CLEAR_MS + 1000);
    const [, resolved] = (await messages(2)) as [Message, Message];
    expect(resolved).toMatchObject({ type: "alert.resolved", data: { alertId: triggered.data.alertId } });
    expect((await tenant.call("GET", "alert")).json["data"]).toEqual([]);

    // A test comes after everything else that was announced.
    await tenant.call("POST", `alert-rule/${rule}/test`);
    const all = await messages(3);
    expect(all.map(({ type }) => type)).toEqual(["alert.triggered", "alert.resolved", "alert.triggered"]);
    expect(all[2]!.data.test).toBe(true);
    const elsewhere = receiver.requests.filter(({ path }) => path === "/everything");
    expect(elsewhere.filter(({ body }) => body.includes("alert."))).toEqual([]);
  });

  it("sends many changes as one message", async () => {
    const count = MAX_SINGLE + 1;
    const seeded = await seedFailures(node.services, { count, url: () => "https://one.test/" });
    await create({ kind: "endpoint-failing" });
    await setFailing(seeded, true);
    await evaluate();
    const [digest] = (await messages(1)) as [Message];
    expect(digest).toMatchObject({ type: "alert.digest", data: { status: "firing" } });
    expect(digest.data.alerts).toHaveLength(count);
  });

  it("sends nothing in quiet hours, and afterwards only alerts that are still active", async () => {
    const [one, two] = await seedFailures(node.services, { count: 2, url: () => "https://one.test/" });
    const time = (ms: number): string => new Date(Date.now() + ms).toISOString().slice(11, 16);
    const hour = 3_600_000;
    const quietHours = { from: time(-hour), until: time(hour), timeZone: "UTC" };
    const rule = await create({ kind: "endpoint-failing", quietHours });
    await setFailing([one!, two!], true);
    await evaluate();
    await setFailing([two!], false);
    await evaluate();
    expect((await tenant.call("GET", "alert")).json["data"]).toHaveLength(2);
    await evaluate(2 * hour);
    const [triggered] = (await messages(1)) as [Message];
    expect(triggered.type).toBe("alert.triggered");
    await evaluate(2 * hour);
    const left = (await tenant.call("GET", "alert")).json["data"] as readonly { readonly path: string }[];
    expect(left.map(({ path }) => path)).toEqual([expect.stringContaining(one!.endpointId)]);
    await tenant.call("POST", `alert-rule/${rule}/test`);
    expect(await messages(2)).toHaveLength(2);
  });

  it("combines its messages in a digest, at most one each hour", async () => {
    const [one, two] = await seedFailures(node.services, { count: 2, url: () => "https://one.test/" });
    await create({ kind: "endpoint-failing", digest: "hourly" });
    await setFailing([one!], true);
    await evaluate();
    await messages(1);
    await setFailing([two!], true);
    await evaluate(1_800_000);
    await evaluate(3_700_000);
    const [, second] = (await messages(2)) as [Message, Message];
    expect(second).toMatchObject({ type: "alert.digest" });
    expect(second.data.alerts).toHaveLength(1);
  });

  it("is validated when it is saved, and its alerts are deleted when it is disabled", async () => {
    const post = async (body: object) =>
      (await tenant.call("POST", "alert-rule", { name: "Rule", kind: "disk", targets: [], ...body })).status;
    expect(await post({ targets: ["missing"] })).toBe(422);
    expect(await post({ params: { minutes: 5 } })).toBe(422);
    expect(await post({ params: { days: 0 } })).toBe(422);
    expect(await post({ quietHours: { from: "22:00", until: "07:00", timeZone: "Mars" } })).toBe(422);
    const seeded = await seedFailures(node.services, { count: 1, url: () => "https://one.test/" });
    await setFailing(seeded, true);
    const rule = await create({ kind: "endpoint-failing" });
    await evaluate();
    await messages(1);
    const { json } = await tenant.call("PATCH", `alert-rule/${rule}`, { enabled: false, params: { minutes: 30 } });
    expect(json).toMatchObject({ enabled: false, params: { minutes: 30 }, targets: [expect.any(String)] });
    expect((await tenant.call("GET", "alert")).json["data"]).toEqual([]);
    await evaluate();
    expect((await tenant.call("GET", "alert")).json["data"]).toEqual([]);
    const other = new Tenant(node, await node.tokenOf("org_0000000000000000000000other"));
    expect((await other.call("GET", `alert-rule/${rule}`)).status).toBe(404);
    expect((await other.call("GET", "alert-rule")).json["data"]).toEqual([]);
    expect((await tenant.call("DELETE", `alert-rule/${rule}`)).status).toBe(204);
    expect((await tenant.call("GET", `alert-rule/${rule}`)).status).toBe(404);
  });
});

it("can change and disable a rule whose target was deleted", async () => {
  const rule = await create({ kind: "disk" });
  expect((await tenant.call("DELETE", "operational-webhook/endpoint/on-call")).status).toBe(204);
  const { status, json } = await tenant.call("PATCH", `alert-rule/${rule}`, { enabled: false });
  expect([status, json["enabled"]]).toEqual([200, false]);
  expect((await tenant.call("PATCH", `alert-rule/${rule}`, { targets: ["on-call"] })).status).toBe(422);
});

describe("the conditions of alert rules", () => {
  it("are false on a server without traffic, and true for failures that they describe", async () => {
    const { services } = node;
    const { id, public_id } = await services.store.db
      .selectFrom("organisation")
      .select(["id", "public_id"])
      .executeTakeFirstOrThrow();
    const ctx = { services, actor: systemActor(id, public_id), tx: null } as const;
    const firing = async (kind: (typeof ALERT_KIND_NAMES)[number], params = {}) =>
      (await evaluateCondition(ctx, kind, { minutes: 60, percent: 95, count: 1, days: 14, ...params })).length;
    // The disk of the machine may be full.
    const kinds = ALERT_KIND_NAMES.filter((kind) => kind !== "disk");
    const quiet = await Promise.all(kinds.map((kind) => firing(kind)));
    expect(quiet.every((count) => count === 0)).toBe(true);

    await seedFailures(services, { count: 3, url: () => "https://one.test/" });
    await eventually(async () => expect(await firing("retries-exhausted", { count: 3 })).toBe(1));
    expect(await firing("retries-exhausted", { count: 4 })).toBe(0);
    expect(await firing("success-rate")).toBe(1);
    expect(await firing("success-rate", { count: 4 })).toBe(0);
    expect(await firing("incident", { count: 3 })).toBe(1);
    expect(await firing("incident", { count: 4 })).toBe(0);
  });
});
