import { describe, expect, it } from "vitest";
import { checkQuietHours, isQuiet } from "./quiet-hours.ts";

const at = (time: string): number => Date.parse(`2026-07-01T${time}:00Z`);

describe("quiet hours", () => {
  it("are in their time zone, and can include midnight", () => {
    const night = { from: "22:00", until: "07:00", timeZone: "Europe/Berlin" };
    // Two hours ahead of UTC in summer.
    expect(["19:59", "20:00", "23:30", "04:59", "05:00"].map((time) => isQuiet(night, at(time)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    const noon = { from: "12:00", until: "13:00", timeZone: "UTC" };
    expect(["11:59", "12:00", "13:00"].map((time) => isQuiet(noon, at(time)))).toEqual([false, true, false]);
    expect(isQuiet(null, at("12:00"))).toBe(false);
  });

  it("are rejected without a duration, or in an unknown time zone", () => {
    expect(() => checkQuietHours({ from: "22:00", until: "07:00", timeZone: "Mars/Olympus" })).toThrow(/time zone/);
    expect(() => checkQuietHours({ from: "07:00", until: "07:00", timeZone: "UTC" })).toThrow(/another time/);
    expect(() => checkQuietHours(null)).not.toThrow();
  });
});
