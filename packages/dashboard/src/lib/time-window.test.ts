import { describe, expect, it } from "vitest";
import { usualRange, sinceOf } from "./time-window.ts";

const NOW = Date.UTC(2026, 10, 25, 18, 29, 31);

describe("a time window", () => {
  it("starts at a full minute or hour, and ends with the current one", () => {
    expect(sinceOf("1h", NOW)).toBe("2026-11-25T17:30:00.000Z");
    expect(sinceOf("24h", NOW)).toBe("2026-11-24T19:00:00.000Z");
    expect(sinceOf("7d", NOW)).toBe("2026-11-18T19:00:00.000Z");
    expect(sinceOf("30d", NOW)).toBe("2026-10-26T19:00:00.000Z");
  });

  it("is compared with several windows before it, in full hours", () => {
    expect(usualRange("24h", NOW)).toEqual({ since: "2026-11-17T19:00:00.000Z", until: sinceOf("24h", NOW) });
    expect(usualRange("1h", NOW)).toEqual({ since: "2026-11-24T17:00:00.000Z", until: "2026-11-25T17:00:00.000Z" });
  });
});
