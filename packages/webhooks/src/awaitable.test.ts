import { describe, expect, it } from "vitest";
import { after, firstMatch } from "./awaitable.ts";

describe("firstMatch", () => {
  const later = (value: boolean) => Promise.resolve(value);

  it("is synchronous if the tests are", () => {
    expect(firstMatch(3, (index) => index === 1)).toBe(1);
    expect(firstMatch(3, () => false)).toBe(-1);
    expect(firstMatch(0, () => true)).toBe(-1);
  });

  it("has the same result with promises, wherever they begin", async () => {
    for (const wanted of [0, 1, 2, 3]) {
      expect(await firstMatch(4, (index) => later(index === wanted))).toBe(wanted);
      expect(await firstMatch(4, (index) => (index % 2 === 0 ? later(index === wanted) : index === wanted))).toBe(
        wanted,
      );
    }
    expect(await firstMatch(4, () => later(false))).toBe(-1);
  });

  it("tests nothing after the match", async () => {
    const tested: number[] = [];
    await firstMatch(4, (index) => {
      tested.push(index);
      return later(index === 1);
    });
    expect(tested).toEqual([0, 1]);
  });
});

describe("after", () => {
  it("is synchronous for a value and asynchronous for a promise", async () => {
    expect(after(1, (value) => value + 1)).toBe(2);
    const promised = after(Promise.resolve(1), (value) => value + 1);
    expect(promised).toBeInstanceOf(Promise);
    expect(await promised).toBe(2);
  });
});
