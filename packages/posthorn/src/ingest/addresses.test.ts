import { describe, expect, it } from "vitest";
import { addressRules, addressProblem, PUBLISHED_ADDRESSES } from "./addresses.ts";

describe("an allow list of addresses", () => {
  it("without entries allows every address", () => {
    expect(addressRules([])).toBeNull();
  });

  it.each([
    ["192.0.2.0/24", "192.0.2.255", true],
    ["192.0.2.0/24", "192.0.3.0", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "::ffff:192.0.2.7", true],
    ["2001:db8::/32", "2001:db8:1::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["192.0.2.0/24", "not an address", false],
    ["192.0.2.0/24", "", false],
  ])("with %s allows %s: %s", (word, address, expected) => {
    expect(addressRules([word])!(address)).toBe(expected);
  });

  it.each(["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "example.com", "10.0.0", "constructor"])(
    "rejects the word %j",
    (word) => {
      expect(addressProblem(word)).toContain("is not an IP address");
    },
  );

  it("accepts every address of the published lists", () => {
    const words = Object.values(PUBLISHED_ADDRESSES).flat();
    expect(words.filter((word) => addressProblem(word) !== null)).toEqual([]);
  });
});
