import { MessageChannel } from "node:worker_threads";
import { expect, it, vi } from "vitest";
import { LateThread } from "./late-thread.ts";
import type { DatabaseThread, ThreadRequest } from "./protocol.ts";

const LOOK_UP = { op: "query", sql: "SELECT 1", parameters: [] } as const;

/** Threads that respond with their number, and whose start the test completes. */
function threads(other: DatabaseThread | null = null) {
  const starts: PromiseWithResolvers<DatabaseThread>[] = [];
  const closed: number[] = [];
  const late = new LateThread(() => {
    const start = Promise.withResolvers<DatabaseThread>();
    starts.push(start);
    return start.promise;
  }, other);
  const thread = (number: number): DatabaseThread => ({
    load: 7,
    request: (request: ThreadRequest) => Promise.resolve({ number, op: request.op }) as Promise<never>,
    close: async () => void closed.push(number),
  });
  return { late, starts, closed, open: (number: number) => starts[number]!.resolve(thread(number)) };
}

it("is not started before its first request, and then once for all requests", async () => {
  const { late, starts, open } = threads();
  expect(late.isStarted).toBe(false);
  const answers = [late.request(LOOK_UP), late.request(LOOK_UP)];
  expect([late.isStarted, late.load, starts.length]).toEqual([true, 2, 1]);
  open(0);
  const answer = { number: 0, op: "query" };
  expect(await Promise.all([...answers, late.request(LOOK_UP)])).toEqual([answer, answer, answer]);
  expect([late.load, starts.length]).toEqual([7, 1]);
});

it("is started again with the next request when its start failed", async () => {
  const { late, starts, open } = threads();
  const refused = late.request(LOOK_UP);
  starts[0]!.reject(new Error("too many threads"));
  await expect(refused).rejects.toThrow("too many threads");
  // Health checks also use it, until it can be started.
  expect([late.isStarted, late.load]).toEqual([true, 0]);
  const answered = late.request(LOOK_UP);
  open(1);
  expect(await answered).toMatchObject({ number: 1 });
});

it("is closed if it was started, even while it starts, and rejects requests from then on", async () => {
  const never = threads();
  await never.late.close();
  await expect(never.late.request(LOOK_UP)).rejects.toMatchObject({ code: "storage_failed" });
  expect(never.starts).toEqual([]);

  const starting = threads();
  const answered = starting.late.request(LOOK_UP);
  const closing = starting.late.close();
  starting.open(0);
  await Promise.all([answered, closing]);
  expect(starting.closed).toEqual([0]);
});

/** A thread whose requests the test answers. */
function otherThread() {
  const requests: PromiseWithResolvers<unknown>[] = [];
  const thread: DatabaseThread = {
    load: 0,
    request: () => {
      const request = Promise.withResolvers<unknown>();
      requests.push(request);
      return request.promise as Promise<never>;
    },
    close: async () => undefined,
  };
  return { thread, requests };
}

it("is not started as long as another thread responds at once, also after the main thread was busy", async () => {
  const other = otherThread();
  const { late, starts } = threads(other.thread);
  const answered = late.request(LOOK_UP);
  other.requests[0]!.resolve({ number: 9 });
  expect(await answered).toEqual({ number: 9 });
  const answeredMeanwhile = late.request(LOOK_UP);
  const { port1, port2 } = new MessageChannel();
  port2.once("message", () => other.requests[1]!.resolve({ number: 9 }));
  port1.postMessage("response");
  const until = performance.now() + 30;
  while (performance.now() < until);
  expect(await answeredMeanwhile).toEqual({ number: 9 });
  port1.close();
  await new Promise(setImmediate);
  expect([late.isStarted, starts.length]).toEqual([false, 0]);
});

it("is started when the other thread does not respond, and the first response counts", async () => {
  const other = otherThread();
  const { late, starts, open } = threads(other.thread);
  const [first, second] = [late.request(LOOK_UP), late.request(LOOK_UP)];
  await vi.waitFor(() => expect(late.load).toBe(2));
  // The other thread may respond before this one has started.
  other.requests[0]!.resolve({ number: 9 });
  expect(await first).toEqual({ number: 9 });
  open(0);
  expect(await second).toMatchObject({ number: 0 });
  expect(await late.request(LOOK_UP)).toMatchObject({ number: 0 });
  expect([starts.length, other.requests.length]).toEqual([1, 2]);
});

it("leaves a request to the other thread if it cannot be started, and passes on the failures of that thread", async () => {
  const other = otherThread();
  const { late, starts } = threads(other.thread);
  const [answered, failed] = [late.request(LOOK_UP), late.request(LOOK_UP)];
  await vi.waitFor(() => expect(starts).toHaveLength(1));
  starts[0]!.reject(new Error("too many threads"));
  await vi.waitFor(() => expect(late.load).toBe(0));
  other.requests[0]!.resolve({ number: 9 });
  other.requests[1]!.reject(new Error("no such column"));
  expect(await answered).toEqual({ number: 9 });
  await expect(failed).rejects.toThrow("no such column");
});

it("rejects requests once it is closed, although the other thread responds", async () => {
  const other = otherThread();
  const { late } = threads(other.thread);
  await late.close();
  await expect(late.request(LOOK_UP)).rejects.toMatchObject({ code: "storage_failed" });
  expect(other.requests).toEqual([]);
});
