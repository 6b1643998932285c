import { eventually, startReceiver } from "@posthorn/testkit";
import { describe, expect, it, vi } from "vitest";
import { MAX_CHECKED } from "../src/domain/stats/now.ts";
import { startNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const ENV = { env: { POSTHORN_RETRY_SCHEDULE: "3600" } };

/** The value in a response at a path of names and positions. */
function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((value, name) => (value as Record<string | number, unknown>)[name], json);
}

describe("statistics", () => {
  it("report published messages and their outcomes, for everything, an application and an endpoint", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.firstAttempt();
    receiver.respondWith(500);
    await tenant.firstAttempt();
    const portal = await tenant.portal(["ViewBase"]);
    const responses = await eventually(async () => {
      const list = [
        await tenant.call("GET", "stats/summary"),
        await tenant.call("GET", "stats/summary?app_id=app&endpoint_id=ep"),
        await portal.call("GET", "app/app/stats/summary?endpoint_id=ep"),
      ];
      for (const { json } of list) expect(json).toMatchObject({ messages: 2, attempts: { ok: 1, failed: 1 } });
      return list;
    });
    for (const { json } of responses) {
      expect(json["deliveries"]).toEqual({
        firstTry: 1,
        later: 0,
        exhausted: 0,
        firstTryPercent: 100,
        successPercent: 100,
      });
      expect(at(json, "latency", "count")).toBe(1);
      expect(at(json, "duration", "count")).toBe(2);
      expect(at(json, "latency", "p99")).toBeTypeOf("number");
    }
    expect((await tenant.call("GET", "app/app/stats/summary")).json).toMatchObject({ messages: 2 });
    const hour = new Date(Date.now() - 3_600_000).toISOString();
    const last = await tenant.call("GET", `stats/summary?step=minute&since=${hour}`);
    expect(last.json).toMatchObject({ messages: 2, attempts: { ok: 1, failed: 1 } });
    const points = (await tenant.call("GET", `stats/series?step=minute&since=${hour}`)).json["points"];
    const minutes = points as { messages: number }[];
    expect(minutes.length === 61 || minutes.length === 62).toBe(true);
    expect(minutes.reduce((sum, point) => sum + point.messages, 0)).toBe(2);
  });

  it("return series without gaps, and survive a restart", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    {
      await using node = await startNode(folder.path, ENV);
      const tenant = new Tenant(node);
      await tenant.setUp(receiver.url);
      await tenant.firstAttempt();
    }
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await eventually(async () => {
      const { json } = await tenant.call("GET", "app/app/stats/series");
      const points = json["points"] as { messages: number; attempts: { ok: number } }[];
      expect(points.length).toBeGreaterThanOrEqual(24);
      expect(points.reduce((sum, point) => sum + point.attempts.ok, 0)).toBe(1);
    });
    const since = new Date(Date.now() - 10 * 86_400_000).toISOString();
    const days = (await tenant.call("GET", `stats/series?step=day&since=${since}`)).json["points"] as unknown[];
    expect(days).toHaveLength(11);
  });

  it("report queued deliveries by endpoint, and failing endpoints", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver({ response: 500 });
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: "off", disabled: true });
    await tenant.firstAttempt();
    await eventually(async () => {
      const { json } = await tenant.call("GET", "stats/now");
      expect(json["waiting"]).toMatchObject({ due: 1, held: 1, later: 1, oldestDueAt: null, exact: true });
      expect(at(json, "endpoints", "needingAttention")).toMatchObject([
        { problem: "failing", level: "notice", appUid: "app", failures: 1, due: 0, disabledAt: expect.any(String) },
        { problem: "disabled", level: "down", appUid: "app", failingSince: null, due: 1, disabledAt: null },
      ]);
    });
    expect(at((await tenant.call("GET", "stats/now")).json, "dispatcher", "inFlight")).toBe(0);
  });

  it("list an endpoint as degraded by the success rate of its policy, and as down by its failures", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await tenant.setUp("https://one.example.com/");
    const { db } = node.services.store;
    const { id: endpoint_id, app_id } = await db.selectFrom("endpoint").selectAll().executeTakeFirstOrThrow();
    const { id: org_id } = await db.selectFrom("organisation").select("id").orderBy("id").executeTakeFirstOrThrow();
    const counts = { messages: 0, first_try: 0, later: 0, exhausted: 0, latency_json: "[]", duration_json: "[]" };
    const hour = Math.floor(Date.now() / 3_600_000);
    await node.services.store.transaction(async (tx) => {
      const row = { org_id, app_id, endpoint_id, hour, ...counts, attempts_ok: 90, attempts_failed: 10 };
      await tx.db.insertInto("rollup").values(row).execute();
    });
    const listed = async () => at((await tenant.call("GET", "stats/now")).json, "endpoints", "needingAttention");
    expect(await listed()).toMatchObject([{ problem: "degraded", level: "degraded", successPercent: 90 }]);
    await tenant.call("PATCH", "app/app/policy", { attention: { successPercent: 90 } });
    expect(await listed()).toEqual([]);
    await tenant.call("PATCH", "app/app/policy", { attention: { successPercent: 95, minAttempts: 101 } });
    expect(await listed()).toEqual([]);
    const since = Date.now() - 60_000;
    await node.services.store.transaction(async (tx) => {
      const row = { endpoint_id, since, failures: 4, last_at: since, warned: 0, updated_at: since };
      await tx.db.insertInto("endpoint_failure").values(row).execute();
    });
    expect(await listed()).toMatchObject([{ problem: "failing", level: "notice" }]);
    await tenant.call("PATCH", "app/app/policy", { attention: { minFailures: 4 } });
    expect(await listed()).toMatchObject([{ problem: "failing", level: "down" }]);
    await tenant.call("PATCH", "app/app/policy", { attention: { minFailures: 5, afterSeconds: 30 } });
    expect(await listed()).toMatchObject([{ level: "down" }]);
  });

  it("report the stored size, and the size in the steady state", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const env = { POSTHORN_ATTEMPT_RETENTION_DAYS: "30", POSTHORN_FAILURE_RETENTION_DAYS: "60" };
    await using node = await startNode(folder.path, { env });
    const tenant = new Tenant(node);
    await tenant.setUp(receiver.url);
    await tenant.firstAttempt();
    await eventually(async () => {
      const { json } = await tenant.call("GET", "stats/storage");
      const kinds = json["kinds"] as { kind: string; stored: number; keepDays: number }[];
      expect(kinds.map(({ kind, stored, keepDays }) => [kind, stored, keepDays])).toEqual([
        ["payload", 1, 90],
        ["message", 1, 90],
        ["delivery", 1, 90],
        ["attempt", 1, 30],
        ["failure", 0, 60],
      ]);
      // The disk of a database server is not visible.
      const seen = { freeBytes: expect.any(Number) as number };
      expect(json).toMatchObject({ fullInDays: null, disk: onPostgres ? null : seen });
    });
  });

  it("are available for the organisation, or with tokens of an application for that application, and reject invalid ranges", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    const portal = await tenant.portal(["ViewBase"]);
    for (const path of ["stats/summary", "stats/series", "stats/now", "stats/storage"]) {
      expect(await portal.call("GET", path)).toMatchObject({ status: 403 });
    }
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    expect(await portal.call("GET", "app/other/stats/summary")).toMatchObject({ status: 404 });
    expect(await tenant.call("GET", "stats/summary?endpoint_id=ep")).toMatchObject({ status: 422 });
    expect(await tenant.call("GET", "stats/summary?app_id=missing")).toMatchObject({ status: 404 });
    expect(await tenant.call("GET", "stats/summary?step=minute&app_id=app")).toMatchObject({ status: 422 });
    const before = new Date(Date.now() - 4 * 3_600_000).toISOString();
    expect(await tenant.call("GET", `stats/series?step=minute&since=${before}`)).toMatchObject({ status: 400 });
    const early = "since=2025-06-01T00:00:00Z";
    expect(await tenant.call("GET", `stats/summary?${early}&until=2025-01-01T00:00:00Z`)).toMatchObject({
      status: 400,
    });
    expect(await tenant.call("GET", `stats/series?${early}&until=2026-06-01T00:00:00Z`)).toMatchObject({ status: 400 });
  });

  it("report counts as lower bounds if more endpoints have pending deliveries than are read, and read no more", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, ENV);
    const tenant = new Tenant(node);
    await tenant.setUp("https://example.com/");
    await tenant.call("POST", "app/app/msg", { eventType: "a", payload: {}, delaySeconds: 7200 });
    const { store, directory, ids, now } = node.services;
    const endpoint = await store.db.selectFrom("endpoint").selectAll().executeTakeFirstOrThrow();
    const delivery = await store.db.selectFrom("delivery").selectAll().executeTakeFirstOrThrow();
    const keys = Array.from({ length: MAX_CHECKED }, () => ids.next("ep_"));
    const failing = { since: now() - 60_000, failures: 9, last_at: now(), warned: 0, updated_at: now() };
    for (let start = 0; start < keys.length; start += 500) {
      const some = keys.slice(start, start + 500);
      await store.transaction(async ({ db }) => {
        const endpoints = some.map(({ key, id }) => ({ ...endpoint, id: key, public_id: id, uid: null }));
        await db.insertInto("endpoint").values(endpoints).execute();
        await db
          .insertInto("delivery")
          .values(some.map(({ key }) => ({ ...delivery, endpoint_id: key })))
          .execute();
        await db
          .insertInto("endpoint_failure")
          .values(some.map(({ key }) => ({ ...failing, endpoint_id: key })))
          .execute();
      });
    }
    const read = vi.spyOn(directory, "endpoint");
    const { json } = await tenant.call("GET", "stats/now");
    expect(json["waiting"]).toMatchObject({ due: 0, held: 0, later: MAX_CHECKED + 1, exact: false });
    expect(at(json, "endpoints", "more")).toBe(true);
    expect(json["endpoints"]).toMatchObject({ needingAttention: { length: 50 } });
    const settings = new Set(read.mock.calls.map(([key]) => key));
    expect(settings.size).toBe(MAX_CHECKED);
  });
});
