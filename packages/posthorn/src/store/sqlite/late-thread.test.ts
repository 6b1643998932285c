import { expect, it } from "vitest";
import { LateThread } from "./late-thread.ts";
import type { DatabaseThread, ThreadRequest } from "./protocol.ts";

const LOOK_UP = { op: "query", sql: "SELECT 1", parameters: [] } as const;

/** Threads that respond with their number, and whose start the test completes. */
function threads() {
  const starts: PromiseWithResolvers<DatabaseThread>[] = [];
  const closed: number[] = [];
  const late = new LateThread(() => {
    const start = Promise.withResolvers<DatabaseThread>();
    starts.push(start);
    return start.promise;
  });
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
