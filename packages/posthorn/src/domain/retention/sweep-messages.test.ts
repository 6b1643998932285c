import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import {
  acceptEntry,
  attemptRecord,
  deliveryOf,
  onPostgres,
  openStore,
  successOutcome,
} from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { rollUp } from "../stats/roll-up.ts";
import type { RetentionPeriods, SweepOptions } from "./retention.ts";
import { sweepAttempts } from "./sweep-attempts.ts";
import { sweepMessages } from "./sweep-messages.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);
const PERIODS: RetentionPeriods = { payloadMs: 30 * DAY, attemptMs: 30 * DAY, failureMs: 60 * DAY };
const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };

function sweepOf(changes: Partial<SweepOptions> = {}): SweepOptions {
  return { periods: PERIODS, signal: new AbortController().signal, pause: () => Promise.resolve(), ...changes };
}

/** Services with the clock at `now`, after everything was counted. */
async function counted(store: Store, now = NOW): Promise<Services> {
  const services = { ...servicesOver(store).services, now: () => now };
  await rollUp(services, ALL, new AbortController().signal);
  return services;
}

const key = (daysAgo: number, sequence = 0): number => keyAtTime(NOW - daysAgo * DAY) + sequence;

/** Stores a message with one attempt that ended like this; `pending` has none. */
async function publish(
  store: Store,
  id: number,
  end: "succeeded" | "failed" | "pending",
  changes: object = {},
): Promise<void> {
  await store.accept(acceptEntry(id, changes));
  if (end === "pending") return;
  const status = end === "succeeded" ? 0 : 2;
  const attempt = attemptRecord(id + 1000, { status, response: "answer" });
  await store.record(successOutcome(id, { state: end === "succeeded" ? 1 : 2, attempt }));
}

async function idsIn(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("message").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}

async function countOf(store: Store, table: "message" | "delivery" | "attempt"): Promise<number> {
  const row = await store.db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return row.count;
}

describe("the sweep of messages", () => {
  it("deletes old succeeded messages with their deliveries and attempts, and keeps failures longer", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(31), "succeeded");
    await publish(store, key(31, 1), "failed");
    await publish(store, key(61), "failed");
    await publish(store, key(29), "succeeded");
    expect(await sweepMessages(await counted(store), sweepOf())).toBe(2);
    expect(await idsIn(store)).toEqual([key(31, 1), key(29)]);
    expect([await countOf(store, "delivery"), await countOf(store, "attempt")]).toEqual([2, 2]);
  });

  it("never deletes pending deliveries, however old, and deletes them once they have ended", async () => {
    await using files = await openStore();
    const { store } = files;
    const old = [key(400), key(61), key(40)];
    for (const id of old) await publish(store, id, "pending");
    await sweepMessages(await counted(store), sweepOf());
    expect(await idsIn(store)).toEqual(old);
    expect(await store.payload(key(400))).not.toBeNull();
    for (const id of old) await store.record(successOutcome(id));
    await sweepMessages(await counted(store), sweepOf());
    // The newest is deleted only by the sweep of failures, which covers everything the first sweep left.
    expect(await idsIn(store)).toEqual([key(40)]);
    await sweepMessages(await counted(store, NOW + 21 * DAY), sweepOf());
    expect(await idsIn(store)).toEqual([]);
  });

  it("does not delete a message that is resent during the sweep", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(31), "succeeded");
    const services = await counted(store);
    const racing: Store = Object.create(store) as Store;
    racing.transaction = async (work) => {
      await store.transaction(({ db }) => db.updateTable("delivery").set({ state: 0, due: NOW, manual: 1 }).execute());
      return store.transaction(work);
    };
    // The getters read private members, so their values come from the store itself.
    Object.defineProperties(racing, { db: { value: store.db }, hotDb: { value: store.hotDb } });
    expect(await sweepMessages({ ...services, store: racing }, sweepOf())).toBe(0);
    expect(await deliveryOf(store, key(31))).toMatchObject({ state: 0, due: NOW });
  });

  it("keeps a message that was attempted recently, or has a longer payload retention", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(31), "succeeded");
    await store.record(successOutcome(key(31), { trigger: 1, attempt: attemptRecord(key(2)) }));
    await publish(store, key(31, 1), "succeeded", { expiresAt: NOW + DAY });
    expect(await sweepMessages(await counted(store), sweepOf())).toBe(0);
    expect(await sweepMessages(await counted(store, NOW + 40 * DAY), sweepOf())).toBe(2);
  });

  it("does not delete messages that are not counted yet", async () => {
    await using files = await openStore();
    const { store } = files;
    await publish(store, key(100), "succeeded");
    const services = { ...servicesOver(store).services, now: () => NOW };
    expect(await sweepMessages(services, sweepOf())).toBe(0);
  });

  it("continues after an interruption at any step with the same result, and keeps the storage counts right", async () => {
    const ids = Array.from({ length: 250 }, (_, index) => key(90, index));
    const endOf = (index: number) => (index % 7 === 0 ? "failed" : index % 11 === 0 ? "pending" : "succeeded");
    const left = ids.filter((_, index) => index % 7 !== 0 && index % 11 === 0);
    for (const steps of [1, 2]) {
      await using files = await openStore();
      let { store } = files;
      await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
      await Promise.all(ids.map((id, index) => publish(store, id, endOf(index))));
      const abort = new AbortController();
      let done = 0;
      const pause = (): Promise<void> => {
        if (++done === steps) abort.abort();
        return Promise.resolve();
      };
      await sweepMessages(await counted(store), sweepOf({ signal: abort.signal, pause }));
      store = await files.reopen();
      await sweepMessages(await counted(store), sweepOf());
      expect(await idsIn(store)).toEqual(left);
      expect([await countOf(store, "delivery"), await countOf(store, "attempt")]).toEqual([left.length, 0]);
      const stored = await store.db
        .selectFrom("storage_day")
        .select((eb) => ["kind", eb.fn.sum<number>("stored").as("stored"), eb.fn.sum<number>("bytes").as("bytes")])
        .groupBy("kind")
        .orderBy("kind")
        .execute();
      const bytes = left.reduce((sum, id) => sum + `{"id":${id}}`.length, 0);
      expect(stored).toEqual([
        { kind: "attempt", stored: 0, bytes: 0 },
        { kind: "delivery", stored: left.length, bytes: 0 },
        { kind: "failure", stored: 0, bytes: 0 },
        { kind: "message", stored: left.length, bytes: 0 },
        { kind: "payload", stored: left.length, bytes },
      ]);
    }
  });

  it("alternates with concurrent publishes and deliveries, and loses none of them", async () => {
    await using files = await openStore();
    const { store } = files;
    await Promise.all(Array.from({ length: 1000 }, (_, index) => publish(store, key(90, index), "succeeded")));
    const services = await counted(store);
    let sequence = 0;
    const pause = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 20 }, () => publish(store, key(0, sequence++), "succeeded")));
    };
    const deleted = await sweepMessages(services, sweepOf({ pause }));
    expect(deleted).toBe(1000);
    expect(await countOf(store, "message")).toBe(sequence);
    expect(await countOf(store, "attempt")).toBe(sequence);
  });

  it.skipIf(onPostgres)("returns the freed space to the disk, except for a small reserve", async () => {
    await using files = await openStore();
    const { store } = files;
    const payload = Buffer.alloc(20_000, "x");
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => publish(store, key(90, index), "succeeded", { payload })),
    );
    const before = await store.size();
    await sweepMessages(await counted(store), sweepOf());
    while (await store.reclaim());
    const after = await store.size();
    expect(before.bytes).toBeGreaterThan(6_000_000);
    expect(after.bytes).toBeLessThan(before.bytes / 5);
    expect(after.freeBytes).toBeLessThanOrEqual(Math.ceil((after.bytes / 4096) * 0.05 + 2) * 4096);
    expect(after.disk!.freeBytes).toBeGreaterThan(0);
  });
});

describe("the sweep of attempts", () => {
  it("deletes only attempts of succeeded deliveries while their messages stay", async () => {
    await using files = await openStore();
    const { store } = files;
    const periods = { payloadMs: 90 * DAY, attemptMs: 10 * DAY, failureMs: 90 * DAY };
    await publish(store, key(20), "succeeded");
    await publish(store, key(20, 1), "failed");
    await publish(store, key(20, 2), "pending");
    await store.record(
      successOutcome(key(20, 2), { state: 0, due: NOW, attempt: attemptRecord(key(20, 5000), { status: 2 }) }),
    );
    await publish(store, key(5), "succeeded");
    const services = await counted(store);
    expect(await sweepAttempts(services, sweepOf({ periods }))).toBe(1);
    expect(await sweepMessages(services, sweepOf({ periods }))).toBe(0);
    expect(await countOf(store, "message")).toBe(4);
    expect(await countOf(store, "attempt")).toBe(3);
    expect(await sweepAttempts(services, sweepOf({ periods }))).toBe(0);
  });
});
