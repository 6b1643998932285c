import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, made } from "../../../test/support/dispatch.ts";
import { servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, deliveryOf, openStore } from "../../../test/support/store.ts";
import { applySignals } from "../signals.ts";
import { expireDeliveries } from "../message/expire-deliveries.ts";
import { cancelDeliveries } from "./cancel.ts";

const signal = new AbortController().signal;

async function cancel(harness: Awaited<ReturnType<typeof dispatchHarness>>, message: number): Promise<number> {
  const { store } = harness.files;
  const services = { ...servicesOver(store).services, dispatch: harness.dispatcher, now: () => harness.clock.now() };
  store.onSignal((signals) => applySignals(services, signals));
  const ctx = { services };
  return store.transaction((tx) =>
    cancelDeliveries(ctx, tx, { messages: [message], endpoint: null, reason: "requested" }),
  );
}

describe("a delivery that is canceled", () => {
  it("while it is queued is never attempted, while the later ones are", async () => {
    await using harness = await dispatchHarness({ policy: { concurrency: 1 } });
    const { attempter, files } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await harness.publish(2);
    await harness.publish(3);
    expect(await cancel(harness, 2)).toBe(1);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(attempter.messages).toEqual([1, 3]));
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect((await deliveryOf(files.store, 3))?.state).toBe(1));
    expect(attempter.messages).toEqual([1, 3]);
    expect(await deliveryOf(files.store, 2)).toMatchObject({ state: 3, due: null });
    await eventually(() =>
      expect(harness.dispatcher.load).toEqual({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null }),
    );
  });

  it("while its attempt is in flight succeeds with that attempt, and is not retried if it fails", async () => {
    await using harness = await dispatchHarness();
    const { attempter, files, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await harness.publish(2);
    await cancel(harness, 1);
    await cancel(harness, 2);
    attempter.open[0]!.end(made(0));
    attempter.open[0]!.end(made(2));
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.state).toBe(1));
    await eventually(async () =>
      expect(await deliveryOf(files.store, 2)).toMatchObject({ state: 3, due: null, attempts: 1 }),
    );
    clock.advance(10_000_000);
    expect(attempter.jobs).toHaveLength(2);
  });

  it("while it waits for a retry is not retried", async () => {
    await using harness = await dispatchHarness();
    const { attempter, files, clock } = harness;
    attempter.script = () => made(2);
    await harness.publish(1);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.due).toBe(clock.now() + 5000));
    expect(await cancel(harness, 1)).toBe(1);
    expect(await cancel(harness, 1)).toBe(0);
    clock.advance(10_000_000);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 3, due: null });
    expect(attempter.jobs).toHaveLength(1);
  });

  it("after a success stays succeeded, and only the additional attempt is canceled", async () => {
    await using harness = await dispatchHarness();
    const { files } = harness;
    await harness.publish(1);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.state).toBe(1));
    await files.store.transaction(({ db }) => db.updateTable("delivery").set({ due: 9e12, manual: 1 }).execute());
    expect(await cancel(harness, 1)).toBe(1);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: null, manual: 0 });
  });
});

describe("a message that has expired", () => {
  it("has its unfinished deliveries canceled, but not those of other messages", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await files.store.acceptAll([
      acceptEntry(1, { deliverUntil: 1000, endpointIds: [1, 2] }),
      acceptEntry(2, { deliverUntil: 1001 }),
      acceptEntry(3),
    ]);
    expect(await expireDeliveries({ ...services, now: () => 1000 }, signal)).toBe(2);
    expect(await deliveryOf(files.store, 1, 2)).toMatchObject({ state: 3, due: null });
    expect((await deliveryOf(files.store, 2))?.state).toBe(0);
    expect((await deliveryOf(files.store, 3))?.state).toBe(0);
    expect(await expireDeliveries({ ...services, now: () => 2000 }, signal)).toBe(1);
    const rows = await files.store.db.selectFrom("cancellation").select(["message_id", "reason"]).execute();
    expect(rows.map((row) => row.reason)).toEqual(["expired", "expired", "expired"]);
    expect(await files.store.db.selectFrom("message_deadline").selectAll().execute()).toEqual([]);
  });
});
