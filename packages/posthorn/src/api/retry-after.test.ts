import { describe, expect, it } from "vitest";
import { retryAfterSeconds } from "./retry-after.ts";

describe("Retry-After of a 503", () => {
  it.each([
    [0, [1, 1, 1]],
    [1000, [1, 1, 1]],
    [10_000, [3, 5, 7]],
    [30_000, [8, 15, 22]],
    [86_400_000, [10, 20, 30]],
  ])("grows with the length of the database outage up to a maximum, with jitter: %i ms", (awayMs, seconds) => {
    expect([0, 0.5, 0.999].map((chance) => retryAfterSeconds(awayMs, () => chance))).toEqual(seconds);
  });
});
