import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { threadBus } from "../../test/support/thread-bus.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { systemClock } from "../lib/clock.ts";
import type { Job } from "../store/delivery.ts";
import { SHARDS, shardOf } from "../store/shards.ts";
import { ThreadJobExchange } from "./job-exchange.ts";

const MAX_BYTES = 16 * 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function job(messageId: number, endpointId: number, payload: Uint8Array | null = new Uint8Array([messageId])): Job {
  const rest = { contentType: "application/json", orderingKey: null, requestJson: null };
  return {
    messageId,
    publicId: `msg_${messageId}`,
    endpointId,
    due: messageId,
    attempts: 0,
    generation: 0,
    trigger: 0,
    payload,
    ...rest,
  };
}

/** A thread that owns some shards, with the jobs that it received and the notifications that it sent. */
function thread(number: number, broadcast: Broadcast, owned: number[]) {
  const received: Job[] = [];
  const notified: number[] = [];
  const time = { monotonic: () => Date.now(), setTimer: systemClock.setTimer };
  const exchange = new ThreadJobExchange(number, broadcast, time);
  exchange.connect({
    shards: () => owned,
    receive: (jobs) => void received.push(...jobs),
    notify: (jobs) => void notified.push(...jobs.map(({ endpointId }) => endpointId)),
  });
  return { exchange, received, notified, owned };
}

function twoThreads() {
  const [first, second] = threadBus(2) as [Broadcast, Broadcast];
  const two = thread(2, second, [0]);
  return { one: thread(1, first, [1]), two, first };
}

/** An endpoint of a shard. */
const inShard = (shard: number): number =>
  Array.from({ length: 100 * SHARDS }, (_, key) => key + 1).find((key) => shardOf(key) === shard)!;

it("hands jobs with their payloads to the thread that has the shard, and returns the others", async () => {
  const { one, two } = twoThreads();
  const jobs = [
    job(1, inShard(0)),
    job(2, inShard(5)),
    job(3, inShard(0), null),
    job(4, inShard(0), new Uint8Array([7, 8])),
  ];
  expect(one.exchange.give(jobs)).toEqual([jobs[1]]);
  await Promise.resolve();
  expect(two.received).toEqual([jobs[0], jobs[2], jobs[3]]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(one.notified).toEqual([]);
});

it("hands jobs to the new owners once shards have changed", async () => {
  const { one, two } = twoThreads();
  two.owned.splice(0, 1, 6);
  two.exchange.announce();
  const jobs = [job(1, inShard(0)), job(2, inShard(6))];
  expect(one.exchange.give(jobs)).toEqual([jobs[0]]);
  await Promise.resolve();
  expect(two.received).toEqual([jobs[1]]);
});

it("notifies the owners of jobs that a thread does not confirm, and of those for a thread that has ended", async () => {
  const { one, first } = twoThreads();
  const sendTo = vi.spyOn(first, "sendTo").mockReturnValue(true);
  expect(one.exchange.give([job(1, inShard(0))])).toEqual([]);
  await vi.advanceTimersByTimeAsync(1900);
  expect(one.notified).toEqual([]);
  await vi.advanceTimersByTimeAsync(4000);
  expect(one.notified).toEqual([inShard(0)]);
  sendTo.mockReturnValue(false);
  one.exchange.give([job(2, inShard(0))]);
  await Promise.resolve();
  expect(one.notified).toEqual([inShard(0), inShard(0)]);
});

it("hands over no more jobs than the thread can be expected to start soon", async () => {
  const { one, first } = twoThreads();
  const sendTo = vi.spyOn(first, "sendTo").mockReturnValue(true);
  const large = (messageId: number): Job => job(messageId, inShard(0), new Uint8Array(MAX_BYTES / 2));
  const jobs = [large(1), large(2), large(3)];
  expect(one.exchange.give(jobs)).toEqual([jobs[2]]);
  // They are given up as unconfirmed, and the owner reads them from the store.
  await vi.advanceTimersByTimeAsync(6000);
  sendTo.mockRestore();
  expect(one.exchange.give([jobs[2]!])).toEqual([]);
});

it("does not pass on a job whose delivery was canceled on its way", async () => {
  const { one, two } = twoThreads();
  const jobs = [job(1, inShard(0)), job(2, inShard(0))];
  one.exchange.give(jobs);
  two.exchange.revoked([{ messageId: 1, endpointId: inShard(0) }]);
  await Promise.resolve();
  expect(two.received).toEqual([jobs[1]]);
});
