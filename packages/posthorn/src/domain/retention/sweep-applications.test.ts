import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, onPostgres, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { checkRetained, earliest } from "../feed/page.ts";
import { rollUp } from "../stats/roll-up.ts";
import type { RetentionDays } from "./application-periods.ts";
import { shortestOf } from "./application-periods.ts";
import type { RetentionPeriods, SweepOptions } from "./retention.ts";
import { endpointsOf, sweepApplications } from "./sweep-applications.ts";
import { sweepMessages } from "./sweep-messages.ts";
import { sweepPayloads } from "./sweep-payloads.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);
const SERVER: RetentionPeriods = { payloadMs: 30 * DAY, attemptMs: 30 * DAY, failureMs: 60 * DAY };
const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };
const signal = new AbortController().signal;
const NONE: RetentionDays = { payloadDays: null, attemptDays: null, failureDays: null };

const sweepOf = (changes: Partial<SweepOptions> = {}): SweepOptions => ({
  periods: SERVER,
  signal,
  pause: () => Promise.resolve(),
  ...changes,
});
const key = (daysAgo: number, sequence = 0): number => keyAtTime(NOW - daysAgo * DAY) + sequence;

async function counted(store: Store, now = NOW): Promise<Services> {
  const services = { ...servicesOver(store).services, now: () => now };
  await rollUp(services, ALL, signal);
  return services;
}

async function setPeriods(store: Store, appKey: number, days: Partial<RetentionDays>): Promise<void> {
  const { payloadDays, attemptDays, failureDays } = { ...NONE, ...days };
  const columns = { payload_days: payloadDays, attempt_days: attemptDays, failure_days: failureDays };
  await store.transaction(({ db }) =>
    db
      .insertInto("application_retention")
      .values({ app_id: appKey, ...columns })
      .onConflict((conflict) => conflict.column("app_id").doUpdateSet(columns))
      .execute(),
  );
}

/** Stores a message of application 1, to endpoint 1, with one attempt that ended like this; `pending` has none. */
async function publish(
  store: Store,
  id: number,
  end: "succeeded" | "failed" | "pending",
  { attemptKey = id + 1000, ...changes }: { attemptKey?: number; appId?: number; expiresAt?: number } = {},
): Promise<void> {
  await store.accept(acceptEntry(id, changes));
  if (end === "pending") return;
  const attempt = attemptRecord(attemptKey, { status: end === "succeeded" ? 0 : 2, response: "answer" });
  await store.record(successOutcome(id, { state: end === "succeeded" ? 1 : 2, attempt }));
}

async function idsIn(store: Store, table: "message" | "attempt" = "message"): Promise<readonly number[]> {
  const rows = await store.db.selectFrom(table).select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}

async function payloadsIn(store: Store): Promise<readonly number[]> {
  const rows = await store.db
    .selectFrom("message")
    .select("id")
    .where("payload", "is not", null)
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

describe("the retention of an application", () => {
  it("deletes its messages, deliveries and attempts earlier, including those stored before, and none of other applications", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(8), "succeeded");
    await publish(store, key(8, 1), "failed");
    await publish(store, key(6), "succeeded");
    await publish(store, key(8, 2), "succeeded", { appId: 2 });
    await setPeriods(store, 1, { payloadDays: 7, attemptDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    // The failure keeps its message and attempts for the server's period, without the payload.
    expect(await idsIn(store)).toEqual([key(8, 1), key(8, 2), key(6)]);
    expect(await payloadsIn(store)).toEqual([key(8, 2), key(6)]);
    expect(await idsIn(store, "attempt")).toEqual([key(8, 1) + 1000, key(8, 2) + 1000, key(6) + 1000]);
    await setPeriods(store, 1, { payloadDays: 7, attemptDays: 7, failureDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(8, 2), key(6)]);
  });

  it("deletes only payloads if only their period is shorter, except payloads with their own period and those of pending deliveries", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(8), "succeeded");
    await publish(store, key(8, 1), "pending");
    await publish(store, key(8, 2), "succeeded", { expiresAt: NOW + DAY });
    await setPeriods(store, 1, { payloadDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(8), key(8, 1), key(8, 2)]);
    expect(await payloadsIn(store)).toEqual([key(8, 1), key(8, 2)]);
    await store.record(successOutcome(key(8, 1)));
    await sweepPayloads(await counted(store, NOW + DAY / 2), sweepOf());
    expect(await payloadsIn(store)).toEqual([key(8, 2)]);
  });

  it("deletes only attempts if messages are kept longer, except those of failed deliveries", async () => {
    await using files = await openStore();
    const { store } = files;
    await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
    await publish(store, key(8), "succeeded");
    await publish(store, key(8, 1), "failed");
    await publish(store, key(6), "succeeded");
    await setPeriods(store, 1, { attemptDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(8), key(8, 1), key(6)]);
    expect(await idsIn(store, "attempt")).toEqual([key(8, 1) + 1000, key(6) + 1000]);
  });

  it("deletes attempts of a deleted endpoint within a day", async () => {
    await using files = await openStore();
    const { store } = files;
    await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
    await publish(store, key(6), "succeeded");
    await setPeriods(store, 1, { attemptDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    await store.transaction(({ db }) => db.updateTable("endpoint").set({ deleted_at: NOW }).execute());
    await sweepApplications(await counted(store, NOW + 2 * DAY), sweepOf());
    expect(await idsIn(store, "attempt")).toEqual([]);
    expect(await idsIn(store)).toEqual([key(6)]);
  });

  // PostgreSQL reads the small table of a test without an index.
  it.skipIf(onPostgres)("reads the endpoints of an application between full passes by an index", async () => {
    await using files = await openStore();
    const { db } = files.store;
    const query = endpointsOf(db, 1, { deletedToo: false }).compile();
    const { rows } = await db.executeQuery<{ detail: string }>({ ...query, sql: `EXPLAIN QUERY PLAN ${query.sql}` });
    expect(rows.map(({ detail }) => detail)).toEqual([expect.stringMatching(/^SEARCH endpoint .*endpoint_live/)]);
  });

  it("deletes a message that was retried within a day after its last attempt has expired", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(8), "succeeded", { attemptKey: key(5) });
    await publish(store, key(7.5), "succeeded");
    await setPeriods(store, 1, { payloadDays: 7, attemptDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(8)]);
    await sweepApplications(await counted(store, NOW + 3 * DAY), sweepOf());
    expect(await idsIn(store)).toEqual([]);
  });

  it("follows a change: a shorter period deletes more, a longer one keeps the rest, and without one, the server's period applies", async () => {
    await using files = await openStore();
    const { store } = files;
    for (const days of [25, 20, 9, 4]) await publish(store, key(days), "succeeded");
    await setPeriods(store, 1, { payloadDays: 21, attemptDays: 21 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(20), key(9), key(4)]);
    await setPeriods(store, 1, { payloadDays: 7, attemptDays: 7 });
    await sweepApplications(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual([key(4)]);
    await setPeriods(store, 1, { payloadDays: 14, attemptDays: 14 });
    await sweepApplications(await counted(store, NOW + 9 * DAY), sweepOf());
    expect(await idsIn(store)).toEqual([key(4)]);
    await setPeriods(store, 1, {});
    await sweepApplications(await counted(store, NOW + 20 * DAY), sweepOf());
    expect(await idsIn(store)).toEqual([key(4)]);
    await sweepMessages(await counted(store, NOW + 27 * DAY), sweepOf());
    expect(await idsIn(store)).toEqual([]);
  });

  it("continues after an interruption, and a pass from the oldest message does not move feeds back", async () => {
    await using files = await openStore();
    const { store } = files;
    for (let n = 0; n < 250; n++) await publish(store, key(8, n), "succeeded");
    await publish(store, key(6), "succeeded");
    await setPeriods(store, 1, { payloadDays: 7, attemptDays: 7 });
    const services = await counted(store);
    const abort = new AbortController();
    await sweepApplications(services, sweepOf({ signal: abort.signal, pause: () => Promise.resolve(abort.abort()) }));
    expect(await idsIn(store)).toHaveLength(151);
    await sweepApplications(services, sweepOf());
    expect(await idsIn(store)).toEqual([key(6)]);
    const [mine, other] = [1, 2].map((appKey) => ({ appKey, endpointKey: 0 }));
    expect(await earliest(store.db, mine!)).toEqual({ key: key(8, 249), late: 0 });
    expect(await earliest(store.db, other!)).toEqual({ key: 0, late: 0 });
    await sweepApplications(await counted(store, NOW + DAY), sweepOf());
    // A reader that had not read the deleted messages must learn that it missed some.
    await expect(checkRetained(store.db, mine!, { key: key(8, 3), late: 0 })).rejects.toMatchObject({
      code: "cursor_expired",
    });
    await checkRetained(store.db, other!, { key: key(8, 3), late: 0 });
  });

  it("is removed when nothing is left of a deleted application", async () => {
    await using files = await openStore();
    const { store } = files;
    const { services } = servicesOver(store);
    await insertEndpoint(services, "https://example.com/", {});
    await setPeriods(store, 1, { payloadDays: 7 });
    await store.transaction(({ db }) =>
      db
        .updateTable("application")
        .set({ deleted_at: NOW - 59 * DAY })
        .execute(),
    );
    const left = () => store.db.selectFrom("application_retention").select("app_id").execute();
    await sweepApplications(await counted(store), sweepOf());
    expect(await left()).toHaveLength(1);
    await sweepApplications(await counted(store, NOW + 2 * DAY), sweepOf());
    expect(await left()).toEqual([]);
  });
});

describe("the periods that apply", () => {
  it("are the shorter ones, and attempts are not kept longer than failures", () => {
    expect(shortestOf(SERVER, NONE)).toEqual(SERVER);
    expect(shortestOf(SERVER, { payloadDays: 1, attemptDays: 90, failureDays: null })).toEqual({
      payloadMs: DAY,
      attemptMs: 30 * DAY,
      failureMs: 60 * DAY,
    });
    // The operator extended the server's periods after this one was set.
    expect(shortestOf(SERVER, { ...NONE, failureDays: 20 })).toMatchObject({
      attemptMs: 20 * DAY,
      failureMs: 20 * DAY,
    });
  });
});
