import { expect, it } from "vitest";
import { MAX_REQUESTS_PER_MINUTE, RequestLimit } from "./rate-limit.ts";

function exhausted(clock: { now: number }): RequestLimit {
  const limit = new RequestLimit(() => clock.now);
  for (let n = 0; n < MAX_REQUESTS_PER_MINUTE; n++) expect(limit.take("one")).toBe(0);
  return limit;
}

it("refuses requests beyond the limit until the minute is over", () => {
  const clock = { now: 1_000_000 };
  const limit = exhausted(clock);
  clock.now += 20_000;
  expect(limit.take("one")).toBe(40);
  clock.now += 40_000;
  expect(limit.take("one")).toBe(0);
});

it("counts each caller separately", () => {
  expect(exhausted({ now: 0 }).take("other")).toBe(0);
});

it("accepts requests after the clock was set back", () => {
  const clock = { now: 1_000_000 };
  const limit = exhausted(clock);
  clock.now -= 500_000;
  expect(limit.take("one")).toBe(0);
});
