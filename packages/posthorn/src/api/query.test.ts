import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQuery } from "./query.ts";

describe("parseQuery", () => {
  it.each<[string, Record<string, unknown>]>([
    ["", {}],
    ["limit=5&iterator=a", { limit: "5", iterator: "a" }],
    ["event_types=a,b", { event_types: ["a", "b"] }],
    ["event_types=a&event_types=b,c", { event_types: ["a", "b", "c"] }],
    ["event_types[]=a&event_types[]=b", { event_types: ["a", "b"] }],
    ["event_types[0]=a&event_types[1]=b", { event_types: ["a", "b"] }],
    ["event_types%5B%5D=a", { event_types: ["a"] }],
    ["event_types=", { event_types: [] }],
    ["event_types=,,", { event_types: [] }],
    ["channel=a,b", { channel: "a,b" }],
    ["limit=1&limit=2", { limit: "2" }],
    ["after=2026-01-01T00:00:00%2B01:00", { after: "2026-01-01T00:00:00+01:00" }],
    ["&&=&a", { "": "", a: "" }],
    ["tag=%", { tag: "%" }],
  ])("reads %j", (text, expected) => {
    expect(parseQuery(text)).toEqual(expected);
  });

  it("parses any text without changing the prototype of objects", () => {
    const name = fc.constantFrom(
      "__proto__",
      "constructor",
      "event_types",
      "event_types[__proto__]",
      "toString",
      "__proto__[a]",
    );
    const part = fc.tuple(fc.oneof(name, fc.string()), fc.string()).map((pair) => pair.join("="));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const query = parseQuery(parts.join("&"));
        expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
        for (const value of Object.values(query)) expect(typeof value === "string" || Array.isArray(value)).toBe(true);
      }),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
