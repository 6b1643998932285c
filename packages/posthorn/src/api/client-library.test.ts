import { describe, expect, it } from "vitest";
import { isAtLeast, libraryVersion } from "./client-library.ts";

describe("the version of a client library", () => {
  it.each([
    ["svix-libs/2.9.1/python python/3.11.7 Linux/x86_64", { major: 2, minor: 9 }],
    ["svix-libs/1.99.1/javascript", { major: 1, minor: 99 }],
    ["wrapper/1.0 svix-libs/10.0.0/rust", { major: 10, minor: 0 }],
    ["svix-libs/2.9/python", null],
    ["svix-libs/x.y.z", null],
    ["not-svix-libs/2.9.1", null],
    ["curl/8.5.0", null],
    [`${"x".repeat(600)} svix-libs/2.9.1`, null],
    [undefined, null],
  ])("of %s is %o", (userAgent, version) => {
    expect(libraryVersion(userAgent)).toEqual(version);
  });

  it.each([
    [{ major: 2, minor: 7 }, true],
    [{ major: 2, minor: 10 }, true],
    [{ major: 3, minor: 0 }, true],
    [{ major: 2, minor: 6 }, false],
    [{ major: 1, minor: 99 }, false],
    [null, false],
  ])("%o is at least 2.7: %s", (version, expected) => {
    expect(isAtLeast(version, 2, 7)).toBe(expected);
  });
});
