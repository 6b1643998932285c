import { expect, it } from "vitest";
import type { LiveEndpoint } from "./attention.ts";
import { longestWaiting, MAX_JUDGED } from "./now.ts";

/** Endpoints of which a higher key has waited longer. */
function live(count: number): readonly LiveEndpoint[] {
  return Array.from({ length: count }, (_, index) => ({ endpointKey: index, due: 1, later: 0, oldest: 1e6 - index }));
}

it("the settings of a bounded number of endpoints are read, of those that have waited longest", () => {
  const judged = longestWaiting(live(MAX_JUDGED + 3));
  expect(judged).toHaveLength(MAX_JUDGED);
  expect(new Set(judged).has(MAX_JUDGED + 2)).toBe(true);
  expect(judged.filter((key) => key < 3)).toEqual([]);
});

it("all are read when there are fewer", () => {
  expect(longestWaiting(live(MAX_JUDGED))).toHaveLength(MAX_JUDGED);
});
