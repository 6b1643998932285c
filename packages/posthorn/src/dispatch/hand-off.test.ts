/** Tests of jobs that a page contains before their publisher learns of its commit, as is possible with several connections to one database. */
import { usedMemory } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { type DispatchHarness, dispatchHarness, eventually, firstJob, made } from "../../test/support/dispatch.ts";
import { acceptEntry } from "../../test/support/store.ts";
import { HandOffDedupe } from "./job-buffer.ts";

const job = (messageId: number, endpointId = 1) =>
  firstJob(acceptEntry(messageId, { endpointIds: [endpointId] }), endpointId);

/** Stores messages and loads them in a page before their publisher hands them over. */
async function storeUnheard({ dispatcher, files, attempter }: DispatchHarness, ids: readonly number[]): Promise<void> {
  for (const id of ids) await files.store.accept(acceptEntry(id));
  dispatcher.look([1], null);
  await eventually(() => expect(attempter.messages).toEqual(ids));
}

describe("a job that a page contained before its publisher hands it over", () => {
  it("is attempted once, whether that attempt is in flight or has ended", async () => {
    await using harness = await dispatchHarness();
    const { attempter, dispatcher, files } = harness;
    attempter.script = ({ messageId }) => (messageId === 1 ? null : made(0));
    await storeUnheard(harness, [1, 2]);
    await eventually(() => expect(dispatcher.load.inFlight).toBe(1));
    dispatcher.push([job(1), job(2)]);
    attempter.script = () => made(0);
    await harness.publish(3);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.messages).toEqual([1, 2, 3]);
  });

  it("is not confused with the same message for another endpoint", () => {
    const dedupe = new HandOffDedupe();
    dedupe.note(job(1, 1));
    expect(dedupe.take(job(1, 2))).toBe(false);
    expect(dedupe.take(job(1, 1))).toBe(true);
  });

  it("uses bounded memory even if it is never handed over", () => {
    const dedupe = new HandOffDedupe();
    for (let id = 1; id <= 20_000; id++) dedupe.note(job(id));
    expect(dedupe.take(job(1))).toBe(false);
    expect(dedupe.take(job(20_000))).toBe(true);
    expect(dedupe.size).toBeLessThanOrEqual(10_000);
  });

  it("uses no memory once it was handed over", () => {
    const dedupe = new HandOffDedupe();
    const before = usedMemory();
    for (let id = 1; id <= 300_000; id++) {
      const noted = job(id);
      dedupe.note(noted);
      dedupe.take(noted);
    }
    expect(dedupe.size).toBe(0);
    expect(usedMemory() - before).toBeLessThan(4 * 1024 * 1024);
  });

  it("is remembered until almost ten thousand others were, also among jobs that were handed over", () => {
    const dedupe = new HandOffDedupe();
    let taken = 0;
    for (let id = 1; id <= 40_000; id++) {
      dedupe.note(job(id));
      if (id % 4 === 0 && dedupe.take(job(id))) taken++;
    }
    expect(taken).toBe(10_000);
    const newest = Array.from({ length: 9500 }, (_, index) => 40_000 - index).filter((id) => id % 4 !== 0);
    expect(newest.filter((id) => !dedupe.take(job(id)))).toEqual([]);
    expect(dedupe.size).toBeLessThanOrEqual(2500);
  });
});
