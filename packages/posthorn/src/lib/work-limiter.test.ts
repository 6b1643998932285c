import { describe, expect, it } from "vitest";
import { WorkLimiter } from "./work-limiter.ts";

describe("a work limiter", () => {
  it("runs no more calls at once than its limit, queues some, and rejects the rest without running them", async () => {
    const limiter = new WorkLimiter({ concurrency: 2, maxWaiting: 3 });
    const releases: (() => void)[] = [];
    let started = 0;
    let highest = 0;
    const work = async (): Promise<number> => {
      const number = started++;
      highest = Math.max(highest, limiter.running);
      await new Promise<void>((resolve) => releases.push(resolve));
      return number;
    };
    const calls = Array.from({ length: 7 }, () => limiter.run(work));
    expect(calls.map((call) => call === null)).toEqual([false, false, false, false, false, true, true]);
    expect(started).toBe(2);
    while (releases.length > 0) {
      releases.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(calls.filter((call) => call !== null))).toEqual([0, 1, 2, 3, 4]);
    expect(highest).toBe(2);
  });

  it("continues with the next call after one that failed", async () => {
    const limiter = new WorkLimiter({ concurrency: 1, maxWaiting: 1 });
    const first = limiter.run(() => Promise.reject(new Error("broken")));
    const second = limiter.run(() => Promise.resolve("done"));
    await expect(first).rejects.toThrow("broken");
    expect(await second).toBe("done");
  });
});
