import { describe, expect, test } from "vitest";
import { EgressConfigError } from "../errors.ts";
import { namesHost, parseAllowList } from "./rules.ts";

describe("parseAllowList", () => {
  test("equal rules have equal text, whatever the order, case and spacing", () => {
    expect(parseAllowList("Loopback  external,10.0.0.0/8,,*.Corp").text).toBe("*.corp,10.0.0.0/8,external,loopback");
    expect(parseAllowList("external,loopback,*.corp 10.0.0.0/8,external").text).toBe(
      "*.corp,10.0.0.0/8,external,loopback",
    );
  });

  test.each([
    "*",
    "10.0.0.0/33",
    "10.0.0.1/8",
    "1.2.3",
    "fe80::1%eth0",
    "http://a.b",
    "a..b",
    "-a.b",
    "*.*.corp",
    "a.*",
  ])("refuses %j and names it", (word) => {
    const read = () => parseAllowList(`external,${word}`);
    expect(read).toThrow(EgressConfigError);
    expect(read).toThrow(expect.objectContaining({ code: "invalid_allow_word", word }));
  });

  test("*.suffix matches names below the suffix, but not the suffix itself or other names with the same ending", () => {
    const rules = parseAllowList("*.corp.example,exact.example");
    expect(namesHost(rules, "a.corp.example")).toBe(true);
    expect(namesHost(rules, "a.b.corp.example")).toBe(true);
    expect(namesHost(rules, "corp.example")).toBe(false);
    expect(namesHost(rules, "evilcorp.example")).toBe(false);
    expect(namesHost(rules, "exact.example")).toBe(true);
    expect(namesHost(rules, "not.exact.example")).toBe(false);
  });
});
