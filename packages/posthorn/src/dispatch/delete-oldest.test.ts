import { usedMemory } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { deleteOldest } from "./delete-oldest.ts";

it("deletes the oldest entries of a set or map over the limit, and nothing below it", () => {
  const set = new Set(Array.from({ length: 1000 }, (_, index) => index));
  deleteOldest(set, 1000);
  expect(set.size).toBe(1000);
  set.add(1000);
  deleteOldest(set, 1000);
  expect([set.size, [...set][0]]).toEqual([501, 500]);
  const map = new Map([...set].map((key) => [key, "value"]));
  map.delete(500);
  map.set(500, "again");
  deleteOldest(map, 500);
  expect([...map.keys()]).toEqual([500]);
});

it("never exceeds the limit, and keeps no memory of deleted entries", () => {
  const set = new Set<string>();
  const before = usedMemory();
  for (let id = 0; id < 300_000; id++) {
    set.add(`${id}`);
    deleteOldest(set, 10_000);
    if (set.size > 10_000) throw new Error(`The set has ${set.size} entries.`);
  }
  expect(usedMemory() - before).toBeLessThan(4 * 1024 * 1024);
  expect(set.size).toBeGreaterThan(9000);
});
