import { expect, it } from "vitest";
import { type Clock, clockOptions } from "./clock.ts";

const AT = Date.UTC(2026, 10, 28, 15, 4);

function shown(clock: Clock): string {
  const own = { timeZone: "America/New_York" };
  const format = { hour: "numeric", minute: "2-digit", timeZoneName: "short", ...own, ...clockOptions(clock) } as const;
  return new Intl.DateTimeFormat("en-US", format).format(AT).replaceAll("\u202F", " ");
}

it("shows 12-hour times in regions that use them, 24-hour times in the reader's zone, or 24-hour times in UTC, with the zone", () => {
  expect([shown("region"), shown("24h"), shown("utc")]).toEqual(["10:04 AM EST", "10:04 EST", "15:04 UTC"]);
});
