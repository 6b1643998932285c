import { describe, expect, it } from "vitest";
import { DAY_MS, STORAGE_KINDS } from "./day.ts";
import { forecast, type ForecastInput, type StoredDay } from "./forecast.ts";

const TODAY = 20_000;
const GB = 1e9;

/** 1 GB of payloads per day, none deleted yet, at the end of the last day. */
function grown(days: number, keepDays: number, changes: Partial<ForecastInput> = {}): ForecastInput {
  const list: StoredDay[] = Array.from({ length: Math.min(days, keepDays) }, (_, index) => ({
    day: TODAY - index,
    kind: "payload",
    stored: 1000,
    bytes: GB,
  }));
  const keep = Object.fromEntries(STORAGE_KINDS.map((kind) => [kind, keepDays])) as ForecastInput["keepDays"];
  const now = (TODAY + 1) * DAY_MS - 1;
  const usedBytes = list.length * GB;
  return { days: list, keepDays: keep, now, firstAt: now - days * DAY_MS, usedBytes, leftBytes: 1000 * GB, ...changes };
}

describe("the forecast", () => {
  it("predicts the day on which the disk of a new server is full", () => {
    const young = forecast(grown(10, 90, { leftBytes: 20 * GB }));
    expect(young.fullInDays).toBe(20);
    expect(young.bytesADay / GB).toBeCloseTo(1, 1);
    expect(young.steadyBytes / GB).toBeCloseTo(90, -1);
    expect(young.kinds.find(({ kind }) => kind === "payload")).toMatchObject({ stored: 10_000, keepDays: 90 });
  });

  it("predicts no full disk if the disk has room for everything that retention keeps", () => {
    expect(forecast(grown(10, 90, { leftBytes: 85 * GB })).fullInDays).toBeNull();
    expect(forecast(grown(10, 90, { leftBytes: 75 * GB })).fullInDays).toBe(75);
    expect(forecast(grown(200, 90, { leftBytes: 2 * GB })).fullInDays).toBeNull();
  });

  it("predicts nothing for a disk of unknown size, or without traffic", () => {
    expect(forecast(grown(10, 90, { leftBytes: null })).fullInDays).toBeNull();
    const empty = forecast(grown(0, 90, { firstAt: null }));
    expect([empty.bytesADay, empty.steadyBytes, empty.fullInDays]).toEqual([0, 0, null]);
  });

  it("uses whole days when retention is short", () => {
    const { kinds } = forecast(grown(30, 2));
    expect(kinds[0]!.bytesADay / GB).toBeCloseTo(1, 1);
  });

  it("distributes the overhead of the file over the kinds of rows", () => {
    const input = grown(10, 90);
    expect(forecast({ ...input, usedBytes: 2 * input.usedBytes }).kinds[0]!.bytes / GB).toBeCloseTo(20, 0);
  });
});
