/** Tests of pages that are outdated when they arrive, as happens with a database outside the process. */
import { describe, expect, it } from "vitest";
import { dispatchHarness, type DispatchHarness, eventually, made, resend } from "../../test/support/dispatch.ts";
import { acceptEntry, successOutcome } from "../../test/support/store.ts";
import { DELIVERY_STATE } from "../store/schema.ts";
import type { OrderPolicy } from "./policy.ts";
import type { JobStore } from "./types.ts";

const BLOCK: OrderPolicy = { by: "key", onFailure: "block", maxBlockMs: null };

/** Wraps a store: pages are read when requested, and returned when the test decides. */
class LateReads {
  /** Callbacks that release the pages read so far, oldest first. */
  readonly #waiting: (() => void)[] = [];
  #isLate = true;

  readonly wrap = (store: JobStore): JobStore => ({
    due: async (...asked) => this.#arrive(await store.due(...asked)),
    backlog: async () => this.#arrive(await store.backlog()),
    record: async (outcome) => {
      await store.record(outcome);
      this.recorded++;
    },
    recordAll: (outcomes) => store.recordAll(outcomes),
    batches: store.batches,
  });

  /** Outcomes that are on disk and confirmed to the dispatcher. */
  recorded = 0;

  get waiting(): number {
    return this.#waiting.length;
  }

  arrive(): void {
    this.#waiting.shift()!();
  }

  /** Releases all pages, and from now on returns pages at once. */
  hurry(): void {
    this.#isLate = false;
    for (const arrive of this.#waiting.splice(0)) arrive();
  }

  async #arrive<T>(answer: T): Promise<T> {
    if (this.#isLate) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return answer;
  }
}

/** Waits until a page was read that has not arrived yet. */
const isRead = (late: LateReads): Promise<void> => eventually(() => expect(late.waiting).toBe(1));

async function cancel({ files, dispatcher }: DispatchHarness, messageId: number): Promise<void> {
  await files.store.transaction(async ({ db }) => {
    await db
      .updateTable("delivery")
      .set((eb) => ({ state: DELIVERY_STATE.canceled, due: null, generation: eb("generation", "+", 1) }))
      .where("message_id", "=", messageId)
      .execute();
  });
  dispatcher.revoke([{ messageId, endpointId: 1 }]);
}

/** Waits until everything is done. A repeated delivery would have been made by then. */
async function allIsDone({ files, dispatcher, clock }: DispatchHarness): Promise<void> {
  await eventually(async () => {
    // The timer of the job that became due while a page was loading fires now.
    clock.advance(0);
    expect(await files.store.backlog()).toEqual([]);
    expect(dispatcher.load).toMatchObject({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null });
  });
}

/** Delivers and records message 1 while a page that still contains it is loading. */
async function deliveredDuringPage(harness: DispatchHarness, late: LateReads): Promise<void> {
  const { attempter, dispatcher } = harness;
  attempter.script = () => null;
  await harness.publish(1);
  dispatcher.wake(1);
  await isRead(late);
  attempter.open[0]!.end(made(0));
  await eventually(() => expect(late.recorded).toBe(1));
}

describe("a page that arrives late", () => {
  it("does not repeat deliveries that succeeded in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    const { attempter } = harness;
    await deliveredDuringPage(harness, late);
    attempter.script = () => made(0);
    late.hurry();
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1]);
  });

  it("does not start a retry before it is due", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap, retrySchedule: [5000] });
    const { attempter, dispatcher, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    dispatcher.wake(1);
    await isRead(late);
    attempter.open[0]!.end(made(2));
    await eventually(() => expect(late.recorded).toBe(1));
    attempter.script = () => made(0);
    late.hurry();
    await harness.publish(2);
    await eventually(() => expect(late.recorded).toBe(2));
    expect(attempter.messages).toEqual([1, 2]);
    clock.advance(5000);
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1, 2, 1]);
  });

  it("does not hide jobs that were stored after it was read", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    harness.dispatcher.wake(1);
    await isRead(late);
    await harness.publish(1);
    late.hurry();
    await allIsDone(harness);
    expect(harness.attempter.messages).toEqual([1]);
  });

  it("does not start jobs that were canceled in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    await harness.files.store.accept(acceptEntry(1));
    harness.dispatcher.wake(1);
    await isRead(late);
    await cancel(harness, 1);
    late.hurry();
    await allIsDone(harness);
    expect(harness.attempter.messages).toEqual([]);
  });

  it("does not start jobs that were canceled and removed from memory in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: { concurrency: 1 } });
    const { attempter, dispatcher } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await harness.publish(2);
    dispatcher.wake(1);
    await isRead(late);
    await cancel(harness, 2);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0, oldestDue: null }));
    attempter.script = () => made(0);
    late.hurry();
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1]);
  });

  it("does not lose the resend of a delivery that was canceled before", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    await harness.files.store.accept(acceptEntry(1));
    harness.dispatcher.wake(1);
    await isRead(late);
    await cancel(harness, 1);
    await resend(harness, 1);
    late.hurry();
    await allIsDone(harness);
    expect(harness.attempter.jobs.map(({ trigger }) => trigger)).toEqual([1]);
  });

  it("lets no job overtake another when ordered delivery was enabled in the meantime", async () => {
    const late = new LateReads();
    let order: OrderPolicy | null = null;
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: () => ({ order }) });
    const { attempter, dispatcher, files, clock } = harness;
    const due = clock.now();
    await files.store.accept(acceptEntry(1, { due, orderKeys: ["a"] }));
    await files.store.accept(acceptEntry(2, { due, orderKeys: ["a"] }));
    await files.store.record(successOutcome(1, { state: 0, due: due + 60_000 }));
    dispatcher.wake(1);
    await isRead(late);
    order = BLOCK;
    await harness.publish(3, { orderKeys: ["b"] });
    late.hurry();
    await eventually(() => expect(late.recorded).toBe(1));
    clock.advance(60_000);
    await allIsDone(harness);
    expect(attempter.messages).toEqual([3, 1, 2]);
  });

  it("lets no job overtake another when only a wake announced ordered delivery", async () => {
    const late = new LateReads();
    let order: OrderPolicy | null = null;
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: () => ({ order }) });
    const { attempter, dispatcher, files, clock } = harness;
    const due = clock.now();
    for (const id of [1, 2, 3]) await files.store.accept(acceptEntry(id, { due, orderKeys: ["a"] }));
    await files.store.record(successOutcome(1, { state: 0, due: due + 60_000 }));
    dispatcher.wake(1);
    await isRead(late);
    order = BLOCK;
    dispatcher.wake(1);
    late.hurry();
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0 }));
    clock.advance(60_000);
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1, 2, 3]);
  });

  it("lets no job overtake those that were dropped from memory in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: { order: BLOCK } });
    const { attempter, dispatcher, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1, { orderKeys: ["a"] });
    await harness.publish(2, { orderKeys: ["a"] });
    await harness.publish(9, { orderKeys: ["b"] });
    await harness.publish(3, { orderKeys: ["a"], due: clock.now() + 1000 });
    dispatcher.wake(1);
    await isRead(late);
    late.arrive();
    await eventually(() => expect(late.waiting).toBe(0));
    // The next page starts after the jobs in memory.
    clock.advance(1000);
    await isRead(late);
    // A fault on our side: queued jobs are dropped from memory while the first attempt is still in flight.
    attempter.open[1]!.end({ kind: "not_now", pauseMs: 1000 });
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 1, queuedBytes: 0 }));
    clock.advance(1000);
    attempter.script = () => made(0);
    late.hurry();
    await eventually(() => expect(attempter.messages).toEqual([1, 9, 9]));
    attempter.open[0]!.end(made(0));
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1, 9, 9, 2, 3]);
  });

  it("loses no job that it left out, and that returned to the store in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: { concurrency: 1 } });
    const { attempter, dispatcher, clock, files } = harness;
    attempter.script = () => null;
    for (const id of [1, 2]) await harness.publish(id);
    await files.store.accept(acceptEntry(3, { due: clock.now() }));
    dispatcher.wake(1);
    await isRead(late);
    attempter.open[0]!.end({ kind: "not_now", pauseMs: 1000 });
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0 }));
    attempter.script = () => made(0);
    clock.advance(1000);
    late.hurry();
    await allIsDone(harness);
    expect(attempter.messages.toSorted((a, b) => a - b)).toEqual([1, 1, 2, 3]);
  });

  it("loses no job when ordered delivery was disabled and enabled again in the meantime", async () => {
    const late = new LateReads();
    let order: OrderPolicy | null = BLOCK;
    await using harness = await dispatchHarness({
      wrap: late.wrap,
      policy: () => ({ order, concurrency: 1 }),
    });
    const { attempter, dispatcher, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1, { orderKeys: ["1"] });
    await harness.publish(2, { orderKeys: ["2"] });
    dispatcher.wake(1);
    await isRead(late);
    late.arrive();
    await harness.publish(3, { orderKeys: ["3"], due: clock.now() + 1000 });
    // With a job only in the store, the next one to start is unknown, so a page is loading from here on.
    await harness.publish(4, { orderKeys: ["4"] });
    await isRead(late);
    order = null;
    await harness.publish(5, { orderKeys: ["5"] });
    order = BLOCK;
    await harness.publish(6, { orderKeys: ["6"] });
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    late.hurry();
    await eventually(() => expect(attempter.jobs).toHaveLength(5));
    clock.advance(1000);
    await allIsDone(harness);
    expect(attempter.messages.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("starts no old job before new ones when newest first was set in the meantime", async () => {
    const late = new LateReads();
    let newestFirst = false;
    await using harness = await dispatchHarness({ wrap: late.wrap, policy: () => ({ newestFirst, concurrency: 1 }) });
    const { attempter, dispatcher, files } = harness;
    for (let id = 1; id <= 5; id++) await files.store.accept(acceptEntry(id, { due: id }));
    dispatcher.wake(1);
    await isRead(late);
    newestFirst = true;
    dispatcher.wake(1);
    late.hurry();
    await allIsDone(harness);
    expect(attempter.messages).toEqual([5, 4, 3, 2, 1]);
  });

  it("does not delay a stop if it never arrives", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    const { dispatcher } = harness;
    await deliveredDuringPage(harness, late);
    await dispatcher.stop(1000);
    expect(late.waiting).toBe(1);
  });
});

describe("a backlog that arrives late", () => {
  it("does not repeat deliveries that succeeded in the meantime", async () => {
    const late = new LateReads();
    await using harness = await dispatchHarness({ wrap: late.wrap });
    const { attempter, dispatcher, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    const started = dispatcher.start();
    await isRead(late);
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(dispatcher.load.lanes).toBe(0));
    late.hurry();
    await started;
    clock.advance(0);
    await allIsDone(harness);
    expect(attempter.messages).toEqual([1]);
  });
});
