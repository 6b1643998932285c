import { expect, it } from "vitest";
import { crashesInRow, restartDelayMs } from "./restart-delay.ts";

it("a thread that crashes at every start is started at most seven times in the first minute, and then twice a minute", () => {
  let [at, crashes] = [0, 0];
  const starts = Array.from({ length: 12 }, () => {
    crashes = crashesInRow(crashes, 0);
    return (at += restartDelayMs(crashes));
  });
  expect(starts.filter((time) => time < 60_000)).toHaveLength(6);
  expect(starts.filter((time) => time >= 60_000 && time < 120_000)).toHaveLength(2);
  expect(restartDelayMs(1000)).toBe(30_000);
});

it("a thread that has run for a minute is started again at once", () => {
  expect(crashesInRow(9, 59_999)).toBe(10);
  expect(crashesInRow(9, 60_000)).toBe(1);
  expect(restartDelayMs(1)).toBe(500);
});
