import { describe, expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);
const DAY = 86_400_000;

/** Wait in milliseconds that a response with these headers requests; `null`: none. */
function asks(headers: Readonly<Record<string, string>>, status = 429): number | null {
  return retryAfterMs(status, Object.entries(headers).flat(), NOW);
}

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 1.5 ", 1500],
    ["Wed, 25 Nov 2026 12:00:30 GMT", 30_000],
    ["Wednesday, 25-Nov-26 12:00:30 GMT", 30_000],
    ["Wed Nov 25 12:00:30 2026", 30_000],
  ])("is read in seconds and in every date format: %s", (value, ms) => {
    expect(asks({ "Retry-After": value })).toBe(ms);
    expect(asks({ "retry-after": value }, 500)).toBe(ms);
  });

  it("as a date is compared with the clock of the receiver, even if that is wrong", () => {
    const headers = { Date: "Thu, 01 Jan 1970 00:00:00 GMT", "Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT" };
    expect(asks(headers)).toBe(60_000);
  });

  it("as a date is compared with our clock when the receiver sends no valid date", () => {
    expect(asks({ Date: "yesterday", "Retry-After": "Wed, 25 Nov 2026 12:00:30 GMT" })).toBe(30_000);
  });

  it.each([
    "soon",
    "-5",
    "0",
    "",
    "1e9",
    "12:00",
    "Wed, 25 Nov 2026 11:00:00 GMT",
    "2026-11-25T12:00:30Z",
    "NaN",
    "0x10",
  ])("without a wait, or in an unknown format, is ignored: %s", (value) =>
    expect(asks({ "retry-after": value })).toBeNull(),
  );

  it("is honored for at most one day", () => {
    expect(asks({ "retry-after": "999999999999999" })).toBe(DAY);
    expect(asks({ "retry-after": "Sat, 25 Nov 2028 12:00:30 GMT" })).toBe(DAY);
  });
});

describe("rate limit headers", () => {
  it.each([
    [{ RateLimit: '"default";r=0;t=30' }, 30_000],
    [{ RateLimit: '"short";r=0;t=5, "long";r=0;t=60' }, 60_000],
    [{ RateLimit: "limit=100, remaining=0, reset=50" }, 50_000],
    [{ "RateLimit-Reset": "20" }, 20_000],
    [{ "X-RateLimit-Reset": "20" }, 20_000],
    [{ "X-RateLimit-Reset-After": "1.25" }, 1250],
    [{ "X-RateLimit-Reset": String(NOW / 1000 + 40) }, 40_000],
    [{ "X-RateLimit-Reset": String(NOW + 40_000) }, 40_000],
    [{ "X-RateLimit-Reset": "1000000060", Date: "Sun, 09 Sep 2001 01:46:40 GMT" }, 60_000],
    [{ RateLimit: '"default";r=0;t=30', "Retry-After": "7" }, 7000],
  ])("determine the wait: %o", (headers, ms) => {
    expect(asks(headers as Record<string, string>)).toBe(ms);
    expect(asks(headers as Record<string, string>, 503)).toBe(ms);
  });

  it("are ignored for failures that are not caused by a limit", () => {
    expect(asks({ "RateLimit-Reset": "20" }, 500)).toBeNull();
    expect(asks({ "X-RateLimit-Reset": "20" }, 200)).toBeNull();
  });

  it.each([
    { RateLimit: '"default";r=0' },
    { RateLimit: "t=x" },
    { RateLimit: "rest=5" },
    { "X-RateLimit-Reset": "1" + "0".repeat(20) },
  ])("that cannot be parsed are ignored: %o", (headers) => expect(asks(headers as Record<string, string>)).toBeNull());

  it("are cheap to parse at any length", () => {
    expect(asks({ RateLimit: "t=".repeat(40_000) })).toBeNull();
    expect(asks({ RateLimit: " ".repeat(80_000) })).toBeNull();
  });
});
