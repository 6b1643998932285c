import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Clock, clockOptions, timeFormat } from "./clock.ts";

const AT = Date.UTC(2026, 10, 28, 15, 4);

function shown(clock: Clock): string {
  const own = { timeZone: "America/New_York" };
  const format = { hour: "numeric", minute: "2-digit", timeZoneName: "short", ...own, ...clockOptions(clock) } as const;
  return new Intl.DateTimeFormat("en-US", format).format(AT).replaceAll("\u202F", " ");
}

it("shows 12-hour times in regions that use them, 24-hour times in the reader's zone, or 24-hour times in UTC, with the zone", () => {
  expect([shown("region"), shown("24h"), shown("utc")]).toEqual(["10:04 AM EST", "10:04 EST", "15:04 UTC"]);
});

it("shows hours with two digits in every language with a 24-hour clock, and leaves 12-hour clocks as they are", () => {
  const at = Date.UTC(2026, 10, 30, 1, 44, 1);
  const exact = { hour: "numeric", minute: "2-digit", second: "2-digit", timeZone: "UTC" } as const;
  const styled = { timeStyle: "medium", timeZone: "UTC" } as const;
  for (const language of ["de", "fr", "es", "it", "pt-BR", "pl", "nl", "ja"]) {
    for (const options of [exact, styled]) {
      expect([language, timeFormat(language, options, "region").format(at)]).toEqual([language, "01:44:01"]);
      expect(timeFormat(language, options, "region").format(at + 12 * 3_600_000)).toBe("13:44:01");
    }
  }
  expect(timeFormat("fi", exact, "region").format(at)).toBe("01.44.01");
  expect(timeFormat("es-MX", exact, "24h").format(at)).toBe("01:44:01");
  expect(timeFormat("es-MX", exact, "region").format(at)).toMatch(/^1:44:01\sa\.\s?m\.$/);
  expect(timeFormat("es", { month: "short", day: "numeric", timeZone: "UTC" }, "region").format(at)).toBe("30 nov");
});

/** Formats of something other than a moment for the reader, by file. */
const OTHERS: readonly string[] = [
  "lib/clock.ts",
  // The zone of the reader's computer, and due times in the zone of a schedule.
  "parts/alert-rule-dialog.tsx",
  "parts/due-times.tsx",
  // The names of weekdays.
  "parts/week-map.tsx",
];

it("applies to every date and time that a page shows or reads", () => {
  const root = new URL("../", import.meta.url).pathname;
  const formatting = globSync("**/*.{ts,tsx}", { cwd: root })
    .filter((file) => !file.includes(".test."))
    .filter((file) =>
      /Intl\.DateTimeFormat\(|\.toLocale(?:Date|Time)?String\(/.test(readFileSync(root + file, "utf8")),
    );
  expect(formatting.toSorted()).toEqual(OTHERS.toSorted());
});

it("applies to every date and time that a page lets the reader enter", () => {
  const root = new URL("../", import.meta.url).pathname;
  const wrong = globSync("**/*.tsx", { cwd: root }).filter((file) => {
    const code = readFileSync(root + file, "utf8");
    return code.includes('type="datetime-local"') && !/import \{.*\bfromLocalInput\b/.test(code);
  });
  expect(wrong).toEqual([]);
});
