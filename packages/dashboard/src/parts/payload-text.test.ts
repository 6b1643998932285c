import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, hexLines, kindOf, indentJson, indentXml, prettyLines } from "./payload-text.ts";

describe("formatted JSON", () => {
  it("changes only the white space between tokens", () => {
    const text = '{"a":1.0,"b":12345678901234567890,"c":"x\\u00e9 {[,:]}","d":[],"e":{},"f":[1,{"g":null}]}';
    expect(indentJson(text).replace(/\n\s*/g, "").replaceAll('": ', '":')).toBe(text);
    expect(indentJson(text)).toContain('"a": 1.0,\n  "b": 12345678901234567890');
    expect(indentJson(text)).toContain('"d": [],\n  "e": {}');
  });

  it("has the same value as the original, for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(indentJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("shows text that is not JSON unchanged", () => {
    for (const text of ["", "{", '{"a', "]]]]", 'nonsense "x']) expect(() => indentJson(text)).not.toThrow();
  });

  it("formats a MiB in a time that readers do not notice", () => {
    const text = JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, name: "some name", on: true })));
    expect(prettyLines({ text, base64: false, contentType: "application/json" }).length).toBeGreaterThan(80_000);
  });
});

describe("other bodies", () => {
  it("are recognised by their content type", () => {
    const kind = (contentType: string, text = "x", base64 = false) => kindOf({ contentType, text, base64 });
    expect(kind("application/cloudevents+json; charset=utf-8")).toBe("json");
    expect(kind("text/xml")).toBe("xml");
    expect(kind("application/x-www-form-urlencoded")).toBe("form");
    expect(kind("text/html")).toBe("text");
    expect(kind("", ' {"a":1}')).toBe("json");
    expect(kind("application/json", "AAAA", true)).toBe("binary");
  });

  it("of XML have one line per element, with text on the line of its element", () => {
    expect(indentXml("<a><b x='1'>text</b><c/></a>")).toBe("<a>\n  <b x='1'>text</b>\n  <c/>\n</a>");
  });

  it("of bytes are shown as a hex dump with the printable characters", () => {
    const body = { text: btoa("Hi\u0000\u00ff"), base64: true, contentType: "" };
    expect(hexLines(bytesOf(body))).toEqual([`00000000  48 69 00 ff${" ".repeat(36)}  Hi..`]);
  });
});
