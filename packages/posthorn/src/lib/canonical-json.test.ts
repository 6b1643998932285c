import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

describe("canonical JSON", () => {
  it("sorts members by UTF-16 code units and leaves out white space, as in RFC 8785", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "1": "One",
      "\u{1f600}": "Smiley",
      "\ufb33": "Dalet",
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","€":"Euro Sign","😀":"Smiley","\ufb33":"Dalet"}',
    );
  });

  it("writes numbers and escapes as in RFC 8785", () => {
    const text = canonicalJson({
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 1e-27],
      string: '€$\u000f\nA\'B"\\\\"/',
    });
    expect(text).toBe(
      '{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("is the same for the same members in another order, at every level", () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: true })).toBe('{"a":true,"b":[{"c":null,"d":1}]}');
  });

  it("omits undefined members, replaces unpaired surrogates, and rejects numbers that JSON does not have", () => {
    expect(canonicalJson({ a: undefined, b: "\ud800" })).toBe('{"b":"\ufffd"}');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
  });
});
