import { describe, expect, it } from "vitest";
import { type DeliveryStore, ioredisStore, memoryStore, redisStore } from "./store.ts";

/** The commands of Redis that the stores use, by their documented behaviour, with their own clock. */
function fakeRedis(now: () => number) {
  const entries = new Map<string, { value: string; expires: number }>();
  const live = (key: string) => {
    const entry = entries.get(key);
    return entry !== undefined && entry.expires > now() ? entry.value : null;
  };
  const set = (key: string, value: string, seconds: number, onlyIfAbsent: boolean): string | null => {
    if (!Number.isInteger(seconds) || seconds < 1) throw new Error("ERR value is not an integer or out of range");
    if (onlyIfAbsent && live(key) !== null) return null;
    entries.set(key, { value, expires: now() + seconds * 1000 });
    return "OK";
  };
  return { entries, live, set, del: async (key: string) => entries.delete(key) };
}

const STORES: Readonly<Record<string, (now: () => number) => DeliveryStore>> = {
  memory: (now) => memoryStore({ now }),
  redis: (now) => {
    const { live, set, del } = fakeRedis(now);
    return redisStore({
      set: async (key, value, { EX, NX }) => set(key, value, EX, NX === true),
      get: async (key) => live(key),
      del,
    });
  },
  ioredis: (now) => {
    const { live, set, del } = fakeRedis(now);
    return ioredisStore({
      set: async (key: string, value: string, _unit: "EX", seconds: number, condition?: "NX") =>
        set(key, value, seconds, condition === "NX"),
      get: async (key) => live(key),
      del,
    });
  },
};

describe.each(Object.entries(STORES))("the %s store", (_, make) => {
  it("lets only one of several callers claim a key", async () => {
    const store = make(() => 0);
    const claims = await Promise.all([1, 2, 3].map(async () => store.setIfAbsent("k", "v", 10)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await store.get("k")).toBe("v");
  });

  it("forgets a key when it expires or is deleted", async () => {
    let now = 0;
    const store = make(() => now);
    await store.set("k", "v", 10);
    now = 9999;
    expect(await store.get("k")).toBe("v");
    now = 10_000;
    expect((await store.get("k")) ?? undefined).toBeUndefined();
    expect(await store.setIfAbsent("k", "w", 10)).toBe(true);
    await store.delete("k");
    expect(await store.setIfAbsent("k", "x", 10)).toBe(true);
  });

  it("overwrites a claim", async () => {
    const store = make(() => 0);
    await store.setIfAbsent("k", "claimed", 1);
    await store.set("k", "done", 0.5);
    expect(await store.get("k")).toBe("done");
  });
});

describe("the memory store", () => {
  it("keeps maxEntries and drops the oldest first", async () => {
    const store = memoryStore({ maxEntries: 2 });
    await store.set("a", "1", 10);
    await store.set("b", "1", 10);
    await store.set("a", "2", 10);
    await store.set("c", "1", 10);
    expect(["a", "b", "c"].map((key) => store.get(key))).toEqual(["2", undefined, "1"]);
  });
});
