import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../domain/access.ts";
import type { Context, Services } from "../domain/context.ts";
import { createSource } from "../domain/source/create.ts";
import { DEFAULT_SETTINGS } from "../domain/source/source.ts";
import { servicesOver } from "../../test/support/services.ts";
import { openStore } from "../../test/support/store.ts";
import type { Arrived, OriginKind } from "./arrived.ts";
import { Intake } from "./intake.ts";
import { InboundLimits } from "./limits.ts";
import type { LiveSource } from "./live-source.ts";
import { SourceIndex } from "./source-index.ts";

const KINDS = ["request", "release", "backfill"] as const satisfies readonly OriginKind[];
const REQUEST = { method: "PUT", path: "/a", query: "b=c", address: "192.0.2.1" };

let opened: Awaited<ReturnType<typeof openStore>>;
let services: Services;
beforeAll(async () => {
  opened = await openStore();
  const { services: base } = servicesOver(opened.store);
  services = { ...base, dispatch: { ...base.dispatch, push: () => undefined } };
});
afterAll(() => opened[Symbol.asyncDispose]());

async function liveSource(uid: string, dailyQuota: number | null = null): Promise<LiveSource> {
  const actor = systemActor(1, "org_1");
  const ctx: Context = { services, actor, tx: null };
  const input = { name: uid, uid, type: "github", config: {}, metadata: {}, expiresAt: null, secrets: ["s3cret"] };
  const { source } = await createSource({
    ctx,
    input: { kind: "webhook", kindConfig: null, ...DEFAULT_SETTINGS, ...input, dailyQuota },
  });
  const index = new SourceIndex({
    store: services.store,
    secretBox: services.secretBox,
    now: services.now,
    fetchKey: () => Promise.reject(new Error("no key is fetched")),
    plainResponsesOnly: () => Promise.resolve(false),
  });
  return (await index.source(source.key))!;
}

function event(id: string, kind: OriginKind, request: Arrived["origin"]["request"] = null): Arrived {
  return {
    id,
    type: "push",
    occurredAt: 1_700_000_000_000,
    contentType: "application/json",
    headers: ["Content-Type", "application/json", "X-GitHub-Delivery", id],
    body: Buffer.from(`{"id":"${id}"}`),
    trust: "signed",
    origin: { kind, provider: "github", scheme: "hmac", request },
  };
}

/** An intake, and the activity and duplicates that it reports. */
function intakeAndReports() {
  const activity: string[] = [];
  const duplicates: object[] = [];
  const steps: string[] = [];
  const intake = new Intake({
    services: () => services,
    now: services.now,
    limits: new InboundLimits(services.now),
    duplicates: { count: ({ of }) => void duplicates.push(of!) },
    funnel: { count: (_sourceKey, step) => void steps.push(step) },
    onStored: ({ eventType, contentType, body }) =>
      void activity.push(`${eventType} ${contentType} ${Buffer.from(body).toString()}`),
  });
  return { intake, activity, duplicates, steps };
}

describe("an event of a source", () => {
  it.each(KINDS)("is stored once, however often it arrives (%s)", async (kind) => {
    const source = await liveSource(`once-${kind}`);
    const { intake } = intakeAndReports();
    const first = await intake.take(source, event("e1", kind));
    expect(first).toMatchObject({ kind: "stored", endpointIds: [] });
    for (const other of KINDS) {
      const again = await intake.take(source, event("e1", other));
      expect(again).toEqual({ kind: "duplicate", of: { eventId: "e1" } });
    }
  });

  it("counts as activity unless it was released from quarantine, and only requests count as duplicates", async () => {
    const source = await liveSource("counts");
    const { intake, activity, duplicates, steps } = intakeAndReports();
    for (const kind of KINDS) {
      await intake.take(source, event(kind, kind));
      await intake.take(source, event(kind, kind));
    }
    expect(activity).toEqual(['push application/json {"id":"request"}', 'push application/json {"id":"backfill"}']);
    expect(duplicates).toEqual([{ eventId: "request" }]);
    expect(steps).toEqual(["stored", "duplicates", "stored"]);
  });

  it("is rejected as busy over the daily quota, which does not apply to released and backfilled events", async () => {
    const source = await liveSource("quota", 1);
    const { intake } = intakeAndReports();
    expect(await intake.take(source, event("q1", "request"))).toMatchObject({ kind: "stored" });
    const beyond = await intake.take(source, event("q2", "request"));
    expect(beyond).toEqual({ kind: "busy", retryAfterSeconds: expect.any(Number) as number });
    expect(await intake.take(source, event("q2", "release"))).toMatchObject({ kind: "stored" });
    expect(await intake.take(source, event("q3", "backfill"))).toMatchObject({ kind: "stored" });
  });

  it("is rejected as gone when its source was deleted", async () => {
    const source = await liveSource("gone");
    await services.store.transaction((tx) =>
      tx.db.updateTable("application").set({ deleted_at: 1 }).where("id", "=", source.key).execute(),
    );
    services.directory.clear();
    expect(await intakeAndReports().intake.take(source, event("g1", "request"))).toEqual({ kind: "gone" });
  });

  it("is stored with its request, or as a POST without one", async () => {
    const source = await liveSource("bytes");
    const { intake } = intakeAndReports();
    await intake.take(source, event("r1", "request", REQUEST));
    await intake.take(source, event("r2", "backfill"));
    const rows = await services.store.db
      .selectFrom("message")
      .select("request_json")
      .where("app_id", "=", source.key)
      .orderBy("id")
      .execute();
    const origin = (id: string) =>
      `"origin":{"provider":"github","scheme":"hmac","trust":"signed","deliveryId":"${id}","occurredAt":1700000000000}`;
    const headers = (id: string) => `"headers":["Content-Type","application/json","X-GitHub-Delivery","${id}"]`;
    expect(rows.map(({ request_json }) => request_json)).toEqual([
      `{"method":"PUT","path":"/a","query":"b=c",${headers("r1")},"address":"192.0.2.1",${origin("r1")}}`,
      `{"method":"POST","path":"","query":"",${headers("r2")},"address":"",${origin("r2")}}`,
    ]);
  });
});
