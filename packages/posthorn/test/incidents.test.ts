import { eventually } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { STALE_MS, KEPT_MS, maintainIncidents, QUIET_MS } from "../src/domain/incident/change.ts";
import type { Services } from "../src/domain/context.ts";
import { seedFailures, type SeededEndpoint } from "./support/failed-deliveries.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { attemptRecord, successOutcome, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

interface Incident {
  readonly id: string;
  readonly host: string;
  readonly cause: string;
  readonly state: string;
  readonly attempts: number;
  readonly events: number;
  readonly endpoints: number;
  readonly applications: number;
}

let folder: ReturnType<typeof temporaryFolder>;
let node: TestNode;
let tenant: Tenant;

beforeEach(async () => {
  folder = temporaryFolder();
  node = await startNode(folder.path, { env: { POSTHORN_INGEST_URL: "http://ingest.test" } });
  tenant = new Tenant(node);
  // Creates the organisation.
  await tenant.call("GET", "app");
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function incidents(query = ""): Promise<readonly Incident[]> {
  const { status, json } = await tenant.call("GET", `incident${query}`);
  expect(status).toBe(200);
  return json["data"] as readonly Incident[];
}

/** The incidents, once the statistics have counted all failed attempts. */
function counted(attempts: number, query = ""): Promise<readonly Incident[]> {
  return eventually(async () => {
    const rows = await incidents(query);
    const sum = rows.reduce((total, row) => total + row.attempts, 0);
    if (sum !== attempts) throw new Error(`${sum} of ${attempts} attempts counted`);
    return rows;
  });
}

/** Another failed attempt of a delivery, like that of a retry. */
async function failAgain(services: Services, { messageKey, endpointKey }: SeededEndpoint, code = 503): Promise<void> {
  const { key, id } = services.ids.next("atmpt_");
  const failed = { publicId: id, status: 2, responseCode: code, errorCode: "status" } as const;
  const attempt = attemptRecord(key, failed);
  await services.store.record(successOutcome(messageKey, { endpointId: endpointKey, state: 2, attempts: 2, attempt }));
}

describe("incidents", () => {
  it("group failures by host and cause, and count customers, deliveries and attempts", async () => {
    const seeded = await seedFailures(node.services, {
      count: 6,
      url: (index) => (index < 4 ? `https://shared.test/${index}` : "https://other.test:8443/"),
      status: (index) => (index === 3 ? 500 : 503),
    });
    expect(await counted(6)).toHaveLength(3);
    await failAgain(node.services, seeded[0]!);
    await failAgain(node.services, seeded[1]!, 500);
    const found = new Map((await counted(8)).map((row) => [`${row.host} ${row.cause}`, row]));
    expect(found.get("shared.test 503")).toMatchObject({ attempts: 4, events: 3, endpoints: 3, applications: 3 });
    expect(found.get("shared.test 500")).toMatchObject({ attempts: 2, events: 2, endpoints: 2, applications: 2 });
    expect(found.get("other.test:8443 503")).toMatchObject({ attempts: 2, events: 2, applications: 2 });
    expect(found.size).toBe(3);
    const oldestFirst = (await incidents("?order=ascending")).map(({ id }) => id);
    expect(oldestFirst).toEqual(oldestFirst.toSorted());
    expect((await incidents()).map(({ id }) => id)).toEqual(oldestFirst.toReversed());
    const search = await tenant.call("GET", "incident?search=SHARED.test");
    expect((search.json["data"] as { cause: string }[]).map(({ cause }) => cause).toSorted()).toEqual(["500", "503"]);
    expect((await tenant.call("GET", "incident?search=503")).json["data"]).toHaveLength(2);
  });

  it("show their customers, samples and chart, and replay exactly the deliveries that they count", async () => {
    const seeded = await seedFailures(node.services, { count: 5, url: () => "https://shared.test/hook" });
    const [{ id }] = (await counted(5)) as [Incident];
    const { json } = await tenant.call("GET", `incident/${id}`);
    const affected = json["affected"] as readonly Record<string, unknown>[];
    expect(new Set(affected.map(({ appId }) => appId))).toEqual(new Set(seeded.map(({ appId }) => appId)));
    expect(affected[0]).toMatchObject({ url: "https://shared.test/hook", events: 1, attempts: 1, disabled: false });
    const samples = json["samples"] as readonly Record<string, string>[];
    expect(samples).toHaveLength(5);
    expect(seeded.map(({ messageId }) => messageId)).toContain(samples[0]!["messageId"]);
    const chart = json["chart"] as readonly { attempts: number }[];
    expect(chart.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(5);

    // A failure at another host, one with another cause, and one that was delivered later.
    await seedFailures(node.services, { count: 1, url: () => "https://other.test/" });
    await node.services.store.transaction(({ db }) =>
      db.updateTable("delivery").set({ state: 1 }).where("message_id", "=", seeded[0]!.messageKey).execute(),
    );
    const plan = (await tenant.call("POST", "replay/dry-run", { incident: id })).json;
    expect(plan).toMatchObject({ toSend: 4, matched: 4, skipped: { otherStatus: { success: 1 } } });
    const replay = await tenant.call("POST", "replay", { incident: id });
    expect(replay.json).toMatchObject({ parameters: { incident: id, causes: ["503"] } });
    expect((await tenant.call("POST", "replay/dry-run", { incident: id, causes: ["500"] })).status).toBe(422);
    expect((await tenant.call("POST", "replay/dry-run", {})).status).toBe(422);
  });

  it("are acknowledged, muted, annotated and resolved; further failures open a new one", async () => {
    const [one] = await seedFailures(node.services, { count: 1, url: () => "https://shared.test/" });
    const [{ id }] = (await counted(1)) as [Incident];
    const change = (body: object) => tenant.call("PATCH", `incident/${id}`, body);
    expect((await change({ state: "acknowledged" })).json).toMatchObject({ state: "acknowledged" });
    const mutedUntil = new Date(Date.now() + 3_600_000).toISOString();
    expect((await change({ mutedUntil })).json).toMatchObject({ state: "acknowledged", mutedUntil });
    expect(await incidents("?muted=false")).toEqual([]);
    expect(await incidents("?muted=true")).toHaveLength(1);
    expect((await tenant.call("POST", `incident/${id}/note`, { text: "Called them." })).status).toBe(204);
    const { json: key } = await tenant.call("POST", "auth/api-key", { name: "Pager" });
    const pager = new Tenant(node, key["token"] as string);
    expect((await pager.call("POST", `incident/${id}/note`, { text: "They answered." })).status).toBe(204);
    expect((await tenant.call("GET", `incident/${id}`)).json).toMatchObject({
      changedByName: null,
      notes: [
        { text: "They answered.", author: key["id"], authorName: "Pager" },
        { text: "Called them.", authorName: null },
      ],
    });
    expect((await change({ state: "resolved" })).json).toMatchObject({ state: "resolved" });
    expect((await change({ state: "open" })).status).toBe(409);
    expect(await incidents()).toEqual([]);

    await failAgain(node.services, one!);
    const [again] = (await counted(1)) as [Incident];
    // The delivery failed before, but not in this incident.
    expect(again).toMatchObject({ state: "open", attempts: 1, events: 1 });
    expect(again.id).not.toBe(id);
    expect(await incidents("?state=resolved")).toMatchObject([{ id }]);
  });

  it("are resolved when their failures have ended, and deleted a month later", async () => {
    const [healthy, failing] = await seedFailures(node.services, {
      count: 2,
      url: (index) => `https://host-${index}.test/`,
    });
    expect(await counted(2)).toHaveLength(2);
    const { services } = node;
    await services.store.transaction(({ db }) =>
      db
        .insertInto("endpoint_failure")
        .values({ endpoint_id: failing!.endpointKey, since: 0, failures: 1, last_at: 0, warned: 0, updated_at: 0 })
        .execute(),
    );
    const after = (ms: number) => maintainIncidents({ ...services, now: () => Date.now() + ms });
    await after(QUIET_MS - 60_000);
    expect(await incidents()).toHaveLength(2);
    await after(QUIET_MS + 60_000);
    // Its endpoint still fails, and the next retry may be hours away.
    expect(await incidents()).toMatchObject([{ host: "host-1.test" }]);
    expect(healthy).toBeDefined();
    await after(STALE_MS + 60_000);
    expect(await incidents()).toEqual([]);
    expect(await incidents("?state=resolved")).toHaveLength(2);
    await after(STALE_MS + KEPT_MS + 120_000);
    expect(await incidents("?state=resolved")).toEqual([]);
    expect(await services.store.db.selectFrom("incident_endpoint").selectAll().execute()).toEqual([]);
  });

  it("are not shown to other organisations, nor to users of some applications", async () => {
    await seedFailures(node.services, { count: 1, url: () => "https://shared.test/" });
    const [{ id }] = (await counted(1)) as [Incident];
    const other = new Tenant(node, await node.tokenOf("org_0000000000000000000000other"));
    expect((await other.call("GET", "incident")).json["data"]).toEqual([]);
    expect((await other.call("GET", `incident/${id}`)).status).toBe(404);
    expect((await other.call("PATCH", `incident/${id}`, { state: "resolved" })).status).toBe(404);
    expect((await other.call("POST", "replay/dry-run", { incident: id })).status).toBe(404);
    await tenant.call("POST", "app", { name: "Limited", uid: "limited" });
    const key = await tenant.call("POST", "auth/api-key", {
      name: "Limited",
      scopes: ["read", "messages:replay", "app:limited"],
    });
    const limited = new Tenant(node, key.json["token"] as string);
    expect((await limited.call("GET", "incident")).status).toBe(403);
    expect((await limited.call("POST", "replay/dry-run", { incident: id })).status).toBe(403);
  });
});
