import { describe, expect, it, vi } from "vitest";
import { acceptEntry, successOutcome } from "../../../test/support/store.ts";
import { Batcher } from "../postgres/batcher.ts";
import { packPage } from "./packed-page.ts";
import { type DatabaseThread, decodeAccepts, decodeRecords, type ThreadRequest } from "./protocol.ts";
import { Writer } from "./writer.ts";

/** A writer over a thread that only records its requests, with a timer that the test fires. */
function openWriter() {
  const requests: string[] = [];
  const timers = new Set<() => void>();
  const noted = (request: ThreadRequest): string => {
    if (request.op !== "batch") return request.op;
    const { accepts, records } = request.batch;
    return `${decodeAccepts(accepts).length} messages, ${decodeRecords(records).length} outcomes`;
  };
  const thread: DatabaseThread = {
    load: 0,
    request: async (request) => {
      requests.push(noted(request));
      const page = request.op === "due" ? packPage({ rows: [], nextDue: null }) : {};
      return { accepts: null, records: null, announced: false, ...page } as never;
    },
    close: async () => void requests.push("close"),
  };
  const writer = new Writer(thread, "test", {
    setTimer: (_, callback) => {
      timers.add(callback);
      return () => void timers.delete(callback);
    },
  });
  const fire = (): void => {
    for (const callback of timers) callback();
    timers.clear();
  };
  return { writer, requests, timers, fire };
}

const waiting = (messageId: number) => successOutcome(messageId, { mayWait: true });

describe("an outcome that may be delayed", () => {
  it("shares the commit of the next message", async () => {
    const { writer, requests, timers } = openWriter();
    const recorded = writer.record(waiting(1));
    await new Promise(setImmediate);
    expect(requests).toEqual([]);
    await Promise.all([recorded, writer.accept(acceptEntry(2))]);
    expect(requests).toEqual(["1 messages, 1 outcomes"]);
    expect(timers.size).toBe(0);
  });

  it("is committed without a message after a maximum time, with one timer for all that wait", async () => {
    const { writer, requests, timers, fire } = openWriter();
    const recorded = [writer.record(waiting(1)), writer.record(waiting(2))];
    expect(timers.size).toBe(1);
    fire();
    await Promise.all(recorded);
    expect(requests).toEqual(["0 messages, 2 outcomes"]);
  });

  it("does not delay one that may not be delayed", async () => {
    const { writer, requests } = openWriter();
    await Promise.all([writer.record(waiting(1)), writer.record(successOutcome(2))]);
    expect(requests).toEqual(["0 messages, 2 outcomes"]);
  });

  it("does not wait if many outcomes wait", async () => {
    const { writer, requests } = openWriter();
    await Promise.all(Array.from({ length: 64 }, (_, index) => writer.record(waiting(index + 1))));
    expect(requests).toEqual(["0 messages, 64 outcomes"]);
  });

  it("is on disk before a page of due deliveries is read, and before a transaction begins", async () => {
    const { writer, requests } = openWriter();
    void writer.record(waiting(1));
    await writer.due(1, 0, 10);
    void writer.record(waiting(2));
    await writer.exclusive(async () => void requests.push("transaction"));
    expect(requests).toEqual(["0 messages, 1 outcomes", "due", "0 messages, 1 outcomes", "transaction"]);
  });

  it("is on disk before a read that requires it, which has to wait only in this case", async () => {
    const { writer, requests, timers } = openWriter();
    expect(writer.commitWaiting()).toBeNull();
    void writer.record(waiting(1));
    await writer.commitWaiting();
    expect(requests).toEqual(["0 messages, 1 outcomes"]);
    expect(timers.size).toBe(0);
    expect(writer.commitWaiting()).toBeNull();
  });

  it("is on disk before the store is closed", async () => {
    const { writer, requests } = openWriter();
    const recorded = writer.record(waiting(1));
    await writer.close();
    await recorded;
    expect(requests).toEqual(["0 messages, 1 outcomes", "close"]);
  });
});

describe("an entry of a batcher that may be delayed", () => {
  const open = () => {
    const commits: (readonly number[])[] = [];
    const batcher = new Batcher<number, number>({
      commit: async (entries) => {
        commits.push(entries);
        return entries;
      },
      namesOf: () => [],
      bytesOf: () => 1,
      whenUnavailable: "keep",
      mayWait: (entry) => entry > 0,
    });
    return { batcher, commits };
  };

  it("is committed with the next one that may not be delayed, or after a maximum time", async () => {
    const { batcher, commits } = open();
    await Promise.all([batcher.push(1), batcher.push(2), batcher.push(-1)]);
    expect(commits).toEqual([[1, 2, -1]]);
    await batcher.push(3);
    expect(commits).toEqual([[1, 2, -1], [3]]);
  });

  it("is committed as soon as 256 entries wait", async () => {
    // The maximum time never passes.
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    using _ = { [Symbol.dispose]: () => vi.useRealTimers() };
    const { batcher, commits } = open();
    const entries = Array.from({ length: 256 }, (_entry, index) => index + 1);
    const pushed = entries.slice(0, -1).map((entry) => batcher.push(entry));
    await new Promise(setImmediate);
    expect(commits).toEqual([]);
    await Promise.all([...pushed, batcher.push(256)]);
    expect(commits).toEqual([entries]);
  });

  it("is on disk once the batcher is settled", async () => {
    const { batcher, commits } = open();
    void batcher.push(1);
    await new Promise(setImmediate);
    expect(commits).toEqual([]);
    await batcher.settled();
    expect(commits).toEqual([[1]]);
    expect(batcher.commitWaiting()).toBeNull();
    void batcher.push(2);
    await batcher.commitWaiting();
    expect(commits).toEqual([[1], [2]]);
  });
});
