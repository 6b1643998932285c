import { expect, it } from "vitest";
import { threadBus, toldUsage } from "../../test/support/thread-bus.ts";
import { RateLimits } from "./rate-limiter.ts";

it("a limit holds for all threads of a process together, and for each key alone", async () => {
  const clock = { now: 0 };
  const [one, two, three] = threadBus(3).map((broadcast) =>
    new RateLimits(() => clock.now, broadcast).limiter("sign-ins", 6),
  );
  expect(Array.from({ length: 4 }, () => one!.take("a"))).toEqual([true, true, true, true]);
  await toldUsage();
  expect(Array.from({ length: 3 }, () => two!.take("a"))).toEqual([true, true, false]);
  await toldUsage();
  expect([three!.take("a"), three!.take("b")]).toEqual([false, true]);
  // One token in 10 s, for all of them.
  clock.now = 10_000;
  expect(three!.take("a")).toBe(true);
  await toldUsage();
  expect([one!.take("a"), two!.take("a")]).toEqual([false, false]);
});

it("limiters with different names do not affect each other", async () => {
  const [one, two] = threadBus(2).map((broadcast) => new RateLimits(() => 0, broadcast));
  const [sockets, pages] = [one!.limiter("sockets", 1), two!.limiter("pages", 1)];
  two!.limiter("sockets", 1);
  expect(sockets.take("a")).toBe(true);
  await toldUsage();
  expect(pages.take("a")).toBe(true);
});

it("a process with one thread has its limit", () => {
  const limiter = new RateLimits(() => 0).limiter("sockets", 2);
  expect([limiter.take("a"), limiter.take("a"), limiter.take("a")]).toEqual([true, true, false]);
});
