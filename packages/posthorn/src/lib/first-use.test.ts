import { describe, expect, it } from "vitest";
import { onFirstUse } from "./first-use.ts";

describe("a value created on first use", () => {
  it("is created once", () => {
    let created = 0;
    const value = onFirstUse(() => ++created);
    expect(created).toBe(0);
    expect([value(), value()]).toEqual([1, 1]);
  });

  it("is created again after its creation failed", async () => {
    let tries = 0;
    const value = onFirstUse(() => (++tries === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(tries)));
    await expect(value()).rejects.toThrow("broken");
    expect(await value()).toBe(2);
  });
});
