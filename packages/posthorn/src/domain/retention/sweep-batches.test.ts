import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { sweepBatches } from "./sweep-batches.ts";

const NOW = Date.UTC(2026, 5, 1);
const OLD = keyAtTime(NOW - 2 * 3_600_000);
const SWEEP = { signal: new AbortController().signal, pause: () => Promise.resolve() };

/** Endpoint 1, and batches with these messages, each of which has a pending delivery to it. The key of a batch is its place. */
async function withBatches(store: Store, ...batches: readonly (readonly number[])[]) {
  const services = { ...servicesOver(store).services, now: () => NOW };
  await insertEndpoint(services, "https://bucket.example.com/", {});
  for (const id of new Set(batches.flat())) await store.accept(acceptEntry(id));
  for (const [index, messageIds] of batches.entries())
    await store.batches.keep({ id: OLD + index, endpointId: 1, messageIds }, undefined, []);
  return services;
}

async function left(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("delivery_batch").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id - OLD);
}

describe("the sweep of stored batches", () => {
  it("deletes a batch once none of its deliveries is pending", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await withBatches(store, [1, 2], [3, 4], [5, 6]);
    for (const id of [1, 2, 3]) await store.record(successOutcome(id, { state: id === 2 ? 2 : 1 }));
    expect(await sweepBatches(services, SWEEP)).toBe(1);
    expect(await left(store)).toEqual([1, 2]);
    await store.record(successOutcome(4, { state: 3 }));
    expect(await sweepBatches(services, SWEEP)).toBe(1);
    expect(await left(store)).toEqual([2]);
  });

  it("deletes a batch whose messages were deleted", async () => {
    await using files = await openStore();
    const services = await withBatches(files.store, [1, 2], [3]);
    await files.store.transaction(async ({ db }) => {
      await db.deleteFrom("delivery").where("message_id", "in", [1, 2]).execute();
      await db.deleteFrom("message").where("id", "in", [1, 2]).execute();
    });
    expect(await sweepBatches(services, SWEEP)).toBe(1);
    expect(await left(files.store)).toEqual([1]);
  });

  it.each(["endpoint", "application"] as const)("deletes the batches of a deleted %s", async (table) => {
    await using files = await openStore();
    const services = await withBatches(files.store, [1, 2], [3, 4]);
    expect(await sweepBatches(services, SWEEP)).toBe(0);
    await files.store.transaction(({ db }) => db.updateTable(table).set({ deleted_at: NOW }).execute());
    expect(await sweepBatches(services, SWEEP)).toBe(2);
    expect(await left(files.store)).toEqual([]);
  });

  it("deletes any number of batches, in steps, except those of the last hour, which their lanes delete", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await withBatches(store, ...Array.from({ length: 120 }, () => [1]));
    const recent = keyAtTime(NOW - 1000);
    await store.batches.keep({ id: recent, endpointId: 1, messageIds: [1] }, undefined, []);
    await store.record(successOutcome(1));
    let steps = 0;
    const pause = () => Promise.resolve(void ++steps);
    expect(await sweepBatches(services, { ...SWEEP, pause })).toBe(120);
    expect(steps).toBe(3);
    expect(await left(store)).toEqual([recent - OLD]);
  });
});
