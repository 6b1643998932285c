import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdGenerator, isId, iteratorOfKey, keyAfterTime, keyAtTime, keyOfId, timeOfKey } from "./id.ts";

describe("ids", () => {
  it("contain their key, so a look-up by ID needs no index", () => {
    const ids = new IdGenerator(() => 1_764_000_000_123);
    for (let i = 0; i < 20_000; i++) {
      const { key, id } = ids.next("msg_");
      expect(keyOfId("msg_", id)).toBe(key);
      expect(Number.isSafeInteger(key)).toBe(true);
    }
  });

  it("lie between the smallest IDs of their key and of the next one, at any time and also at the ends of a second", () => {
    const seconds = fc.integer({ min: 1_400_000_000, max: 3_540_000_000 });
    const tick = fc.oneof(fc.constantFrom(0, 996, 999), fc.nat(999));
    const sequence = fc.oneof(fc.constantFrom(0, 16_383), fc.nat(16_383));
    fc.assert(
      fc.property(seconds, tick, sequence, (second, ms, skipped) => {
        const last = keyAtTime(second * 1000 + ms) + skipped - 1;
        const ids = new IdGenerator(() => 0, last);
        for (let count = 1; count <= 40; count++) {
          const { key, id } = ids.next("msg_");
          expect(key).toBe(last + count);
          expect(keyOfId("msg_", id)).toBe(key);
          expect(iteratorOfKey("msg_", key) < id && id < iteratorOfKey("msg_", key + 1)).toBe(true);
        }
      }),
    );
  });

  it("have 17 last digits that are each any of 62, and 26 beginnings for each key", () => {
    const digits = Array.from({ length: 17 }, () => new Set<string>());
    const heads = new Set<string>();
    for (let count = 0; count < 3000; count++) {
      const { id } = new IdGenerator(() => 0, keyAtTime(1_764_000_000_123)).next("msg_");
      heads.add(id.slice(0, -17));
      digits.forEach((seen, place) => seen.add(id.at(place - 17)!));
    }
    expect(digits.map(({ size }) => size)).toEqual(digits.map(() => 62));
    expect(heads.size).toBe(26);
  });

  it("sort by creation time, as text and as keys", () => {
    let now = 1_764_000_000_000;
    const ids = new IdGenerator(() => (now += 7));
    const made = Array.from({ length: 5000 }, () => ids.next("app_"));
    expect(made.map((entry) => entry.id)).toEqual(made.map((entry) => entry.id).sort());
    expect(made.map((entry) => entry.key)).toEqual(made.map((entry) => entry.key).sort((a, b) => a - b));
  });

  it("never repeat and never decrease when the clock stops or is set back", () => {
    const times = [1_764_000_000_000, 1_764_000_000_000, 1_763_000_000_000, 1_764_000_000_001];
    let step = 0;
    const ids = new IdGenerator(() => times[step++ % times.length]!);
    const keys = Array.from({ length: 1000 }, () => ids.next("ep_").key);
    expect(new Set(keys).size).toBe(1000);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });

  it("are not generated while another node may own the slot, which would generate the same IDs", () => {
    const membership = { holdsSlot: true };
    const ids = new IdGenerator(() => 1_764_000_000_000, 0, 5, membership);
    const before = ids.next("msg_").key;
    membership.holdsSlot = false;
    expect(() => ids.next("msg_")).toThrow(expect.objectContaining({ code: "storage_unavailable" }));
    membership.holdsSlot = true;
    expect(ids.next("msg_").key).toBeGreaterThan(before);
  });

  it("continue after the greatest key of an earlier run", () => {
    const last = keyAtTime(1_999_000_000_000);
    expect(new IdGenerator(() => 1_764_000_000_000, last).next("msg_").key).toBeGreaterThan(last);
  });

  it("contain their time to the tick, and can bound a range of times", () => {
    const at = 1_764_000_123_456;
    const { key } = new IdGenerator(() => at).next("msg_");
    expect(timeOfKey(key)).toBe(at);
    expect(key).toBeGreaterThanOrEqual(keyAtTime(at));
    expect(key).toBeLessThan(keyAtTime(at + 4));
  });

  it("are below the bound after their own time, even at the end of a second", () => {
    for (const at of [1_764_000_123_456, 1_764_000_123_998, 1_764_000_123_999]) {
      const { key } = new IdGenerator(() => at).next("msg_");
      expect(key).toBeLessThan(keyAfterTime(timeOfKey(key)));
      expect(key).toBeGreaterThanOrEqual(keyAfterTime(timeOfKey(key) - 1));
      expect(timeOfKey(keyAfterTime(at))).toBeGreaterThan(at);
    }
  });

  it("are recognised only with the right prefix, length and alphabet", () => {
    const { id } = new IdGenerator(Date.now).next("app_");
    expect(isId("app_", id)).toBe(true);
    expect(id).toMatch(/^app_[0-9A-Za-z]{27}$/);
    for (const wrong of ["", "app_", id.slice(0, -1), `${id}0`, id.replace("app_", "ep_"), `app_${"-".repeat(27)}`]) {
      expect(isId("app_", wrong)).toBe(false);
      expect(keyOfId("app_", wrong)).toBeNull();
    }
  });

  it("are invalid when their 27 characters encode more than 20 bytes or a key out of range", () => {
    expect(keyOfId("app_", `app_${"z".repeat(27)}`)).toBeNull();
  });
});
