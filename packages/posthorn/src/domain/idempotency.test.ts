import { describe, expect, it } from "vitest";
import { idempotencyKey } from "./idempotency.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 31, 12);

function hashOf(key: string, token = "token", url = "/api/v1/app"): string | undefined {
  return idempotencyKey(key, token, url, NOW)?.hash;
}

/** Whether a key stored at `NOW` is found again after `ms`. */
function isFound(key: string, ms: number): boolean {
  const kept = idempotencyKey(key, "token", "/", NOW)!.buckets[0]!;
  return idempotencyKey(key, "token", "/", NOW + ms)!.buckets.includes(kept);
}

describe("idempotencyKey", () => {
  it("returns no key without a header or with an empty one", () => {
    expect(idempotencyKey(undefined, "token", "/", NOW)).toBeNull();
    expect(idempotencyKey("", "token", "/", NOW)).toBeNull();
  });

  it("returns the same key for the same caller, URL and header only", () => {
    expect(hashOf("key")).toBe(hashOf("key"));
    const all = [hashOf("key"), hashOf("key2"), hashOf("key", "other"), hashOf("key", "token", "/api/v1/app?a=1")];
    expect(new Set(all).size).toBe(all.length);
  });

  it("distinguishes keys of any length that differ only at their end", () => {
    const long = "k".repeat(8000);
    expect(hashOf(`${long}1`)).not.toBe(hashOf(`${long}2`));
  });

  it("keeps a key that a caller chose for at least 12 hours, and for less than 18", () => {
    expect([0, HOUR, 6 * HOUR, 12 * HOUR].every((ms) => isFound("order-1", ms))).toBe(true);
    expect(isFound("order-1", 18 * HOUR)).toBe(false);
  });

  it("keeps a key that a client generated for its retries for at least 10 minutes, and for less than 20", () => {
    expect([0, HOUR / 12, HOUR / 6].every((ms) => isFound("auto_1", ms))).toBe(true);
    expect(isFound("auto_1", HOUR / 3)).toBe(false);
  });

  it.each(["order-1", "auto_1"])("finds the key %s at a node whose clock is up to five minutes behind", (key) => {
    const minutes = Array.from({ length: 12 * 60 }, (_, minute) => NOW + minute * MINUTE);
    const missed = minutes.filter((at) => {
      const kept = idempotencyKey(key, "token", "/", at + 5 * MINUTE)!.buckets[0]!;
      return !idempotencyKey(key, "token", "/", at)!.buckets.includes(kept);
    });
    expect(missed).toEqual([]);
  });

  it("never matches keys of one kind with keys of the other", () => {
    const auto = idempotencyKey("auto_1", "token", "/", NOW)!.buckets;
    const chosen = idempotencyKey("order-1", "token", "/", NOW)!.buckets;
    expect(auto.every((bucket) => bucket > 0)).toBe(true);
    expect(chosen.every((bucket) => bucket < 0)).toBe(true);
  });
});
