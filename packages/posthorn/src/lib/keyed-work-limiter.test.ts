import { expect, it } from "vitest";
import { KeyedWorkLimiter } from "./keyed-work-limiter.ts";

it("limits the calls of one key without affecting those of another, and removes keys without calls", async () => {
  const limiter = new KeyedWorkLimiter({ concurrency: 1, maxWaiting: 1 });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const started: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    started.push(name);
    await released;
    return name;
  };
  const calls = ["a1", "a2", "b1"].map((name) => limiter.run(name.charAt(0), work(name)));
  expect(calls).not.toContain(null);
  expect(limiter.run("a", work("a3"))).toBeNull();
  expect(started).toEqual(["a1", "b1"]);
  release();
  expect(await Promise.all(calls.filter((call) => call !== null))).toEqual(["a1", "a2", "b1"]);
  expect(limiter.size).toBe(0);
});
