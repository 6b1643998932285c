import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latestDue } from "../drivers/schedule.ts";
import { dueTimes, scheduleProblem } from "./due-times.ts";
import { localText, offsetAt } from "./time-zone.ts";

const at = (text: string): number => Date.parse(text);

function between(cron: string, timeZone: string, from: string, until: string): readonly string[] {
  const times = dueTimes({ cron, timeZone, everySeconds: null });
  const found: string[] = [];
  for (let due = times.next(at(from)); due !== null && due < at(until); due = times.next(due)) {
    found.push(localText(timeZone, due));
  }
  return found;
}

describe("the start of daylight saving time in Berlin, 2026-03-29 02:00 → 03:00", () => {
  const day = ["2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"] as const;

  it("fires a time that does not exist when the gap ends", () => {
    expect(between("30 2 * * *", "Europe/Berlin", ...day)).toEqual([
      "2026-03-29T03:00:00+02:00",
      "2026-03-30T02:30:00+02:00",
    ]);
  });

  it("fires several times in the gap once", () => {
    expect(between("0,15,45 2 * * *", "Europe/Berlin", ...day).filter((text) => text.startsWith("2026-03-29"))).toEqual(
      ["2026-03-29T03:00:00+02:00"],
    );
  });

  it("continues every quarter of an hour of patterns for every hour", () => {
    expect(between("*/15 * * * *", "Europe/Berlin", "2026-03-29T00:29:00Z", "2026-03-29T01:31:00Z")).toEqual([
      "2026-03-29T01:30:00+01:00",
      "2026-03-29T01:45:00+01:00",
      "2026-03-29T03:00:00+02:00",
      "2026-03-29T03:15:00+02:00",
      "2026-03-29T03:30:00+02:00",
    ]);
  });
});

describe("the end of daylight saving time in Berlin, 2026-10-25 03:00 → 02:00", () => {
  it("fires a time that occurs twice at the first occurrence", () => {
    expect(between("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")).toEqual([
      "2026-10-25T02:30:00+02:00",
      "2026-10-26T02:30:00+01:00",
    ]);
  });

  it("fires no time of the second pass of a range of hours, and the hour after it once", () => {
    expect(between("0,30 1-3 * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", "2026-10-25T12:00:00Z")).toEqual([
      "2026-10-25T01:00:00+02:00",
      "2026-10-25T01:30:00+02:00",
      "2026-10-25T02:00:00+02:00",
      "2026-10-25T02:30:00+02:00",
      "2026-10-25T03:00:00+01:00",
      "2026-10-25T03:30:00+01:00",
    ]);
  });

  it("continues through both hours of patterns for every hour", () => {
    expect(between("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02:01:00Z")).toEqual([
      "2026-10-25T02:30:00+02:00",
      "2026-10-25T02:00:00+01:00",
      "2026-10-25T02:30:00+01:00",
      "2026-10-25T03:00:00+01:00",
    ]);
  });
});

describe("due times of any schedule", () => {
  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
  ];
  const patterns = [
    "0 9 * * 1-5",
    "30 2 * * *",
    "*/20 * * * *",
    "0 0 1 * *",
    "15 1,2,3 * * *",
    "0 12 L * *",
    "*/7 3 * * 0",
  ];
  const start = fc.integer({ min: at("2024-01-01T00:00:00Z"), max: at("2028-01-01T00:00:00Z") });

  it("increase, and do not depend on where the enumeration begins", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...patterns),
        fc.constantFrom(...zones),
        start,
        fc.nat(86_400_000),
        (cron, timeZone, from, later) => {
          const times = dueTimes({ cron, timeZone, everySeconds: null });
          const first = times.next(from)!;
          expect(first).toBeGreaterThan(from);
          // From anywhere before it, the same due time follows.
          const inBetween = Math.min(from + later, first - 1);
          expect(times.next(inBetween)).toBe(first);
          expect(times.next(first)!).toBeGreaterThan(first);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("are found from the end after a long outage, as by an enumeration from the start", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        start,
        fc.integer({ min: 1, max: 40 }),
        fc.nat(400),
        (timeZone, after, count, days) => {
          const times = dueTimes({ cron: "15 1,2,3 * * *", timeZone, everySeconds: null });
          const until = after + days * 86_400_000;
          const all: number[] = [];
          for (let due = times.next(after); due !== null && due <= until; due = times.next(due)) all.push(due);
          expect(latestDue(times, { after, until, count })).toEqual(all.slice(-count));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("have the offset of the zone in their text", () => {
    expect(localText("America/St_Johns", at("2026-01-01T00:00:00Z"))).toBe("2025-12-31T20:30:00-03:30");
    expect(offsetAt("Asia/Kathmandu", 0)).toBe(19_800_000);
  });
});

describe("a schedule", () => {
  const base = { cron: null, timeZone: "UTC", everySeconds: null };

  it.each([
    ["neither an expression nor an interval", base, "cron", /or an interval/],
    ["both", { ...base, cron: "0 9 * * *", everySeconds: 60 }, "everySeconds", /not both/],
    ["an unknown time zone", { ...base, cron: "0 9 * * *", timeZone: "Mars/Base" }, "timeZone", /IANA/],
    ["no expression", { ...base, cron: "every day" }, "cron", /^This is not a cron expression/],
    ["a date that does not exist", { ...base, cron: "0 0 30 2 *" }, "cron", "This expression never fires."],
    ["every second", { ...base, cron: "* * * * * *" }, "cron", /every 30 seconds/],
    ["every ten seconds once a day", { ...base, cron: "0,10 0 9 * * *" }, "cron", /every 30 seconds/],
  ] as const)("with %s is rejected", (_case, config, field, problem) => {
    const found = scheduleProblem(config)!;
    expect(found.field).toBe(field);
    expect(found.problem).toMatch(problem);
  });

  it.each(["0 9 * * 1-5", "@daily", "@hourly", "0 0 29 2 *", "0,30 * * * * *", "0 0 L * *"])(
    "with %s is valid",
    (cron) => {
      expect(scheduleProblem({ ...base, cron })).toBeNull();
    },
  );
});
