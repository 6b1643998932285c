import { describe, expect, it } from "vitest";
import { MASK, Redactor } from "./redactor.ts";
import { compileRule } from "./rule.ts";
import { Scrubber } from "./scrub.ts";

function scrubberOf(body: string, path: string): Scrubber {
  const rule = compileRule({ path, pattern: null, action: "mask", eventTypes: null, keepExactMs: 0 });
  const bytes = Buffer.from(body);
  const { spans } = new Redactor([rule], String).redact(bytes, "application/json", "a")!;
  return new Scrubber({ body: bytes, spans });
}

describe("texts about a redacted message", () => {
  const value = `O'Neil & "Söhne" <x@y.co>`;
  const scrubber = scrubberOf(JSON.stringify({ customer: { name: value, pin: 12, tags: ["abc"] } }), "$.customer");

  it.each([
    ["plain", value],
    ["JSON", JSON.stringify({ echo: value })],
    ["JSON in JSON", JSON.stringify({ body: JSON.stringify({ echo: value }) })],
    ["a URL", `?name=${encodeURIComponent(value)}`],
    ["a form", `name=${encodeURIComponent(value).replaceAll("%20", "+")}`],
    ["HTML", value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")],
    ["base64", Buffer.from(value).toString("base64")],
  ])("do not contain its values, written as %s", (_, text) => {
    const scrubbed = scrubber.scrub(`before ${text} after`);
    expect(scrubbed).toMatch(/^before .*\[redacted\].* after$/);
    expect(scrubbed).not.toMatch(/Neil|hne|y\.co/);
  });

  it("do not end with the beginning of a value", () => {
    expect(scrubber.scrub("unknown customer O'Nei")).toBe(`unknown customer ${MASK}`);
  });

  it("keep other text, and short values within words", () => {
    expect(scrubber.scrub("HTTP 200, 1234 ms, pin 12")).toBe(`HTTP 200, 1234 ms, pin ${MASK}`);
  });

  it("are hidden if the whole body is redacted, or if it has too many values", () => {
    expect(scrubberOf("{oops", "$.a").scrub("any")).toBe(MASK);
    const many = JSON.stringify({ ids: Array.from({ length: 2000 }, (_, index) => `id-${index}`) });
    expect(scrubberOf(many, "$.ids").scrub("any")).toBe(MASK);
  });

  it("are scrubbed inside of JSON values", () => {
    expect(scrubber.scrubJson({ a: ["x abc"], b: 1, c: null })).toEqual({ a: [`x ${MASK}`], b: 1, c: null });
  });
});
