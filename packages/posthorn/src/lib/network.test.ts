import { describe, expect, it } from "vitest";
import { isWithin, networkCheck, parseNetwork } from "./network.ts";

describe("parseNetwork", () => {
  it.each(["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "example.com", "::1/129", "10.0.0.0/-1"])(
    "rejects %j",
    (text) => expect(parseNetwork(text)).toBeNull(),
  );
});

describe("networkCheck", () => {
  it.each([
    ["10.1.2.3", true],
    ["::ffff:10.1.2.3", true],
    ["11.0.0.1", false],
    ["2001:db8::5", true],
    ["2001:db9::5", false],
    ["not an address", false],
  ])("checks whether %s is in one of the networks", (address, expected) => {
    expect(networkCheck(["10.0.0.0/8", "2001:db8::/32"])(address)).toBe(expected);
  });

  it("matches nothing without networks", () => {
    expect(networkCheck([])("10.0.0.1")).toBe(false);
  });
});

describe("isWithin", () => {
  it.each([
    ["10.1.0.0/16", true],
    ["10.0.0.0/8", true],
    ["10.1.2.3", true],
    ["0.0.0.0/0", false],
    ["10.0.0.0/7", false],
    ["::/0", false],
    ["nonsense", false],
  ])("checks whether all addresses of %s are in 10.0.0.0/8", (inner, expected) => {
    expect(isWithin(inner, ["192.0.2.1", "10.0.0.0/8"])).toBe(expected);
  });
});
