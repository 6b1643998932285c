import { describe, expect, it } from "vitest";
import { ValidationError } from "../../../lib/errors.ts";
import { parseYaml } from "./yaml.ts";

const SIZE = 60_000;
const filled = (unit: string, before = "", after = ""): string =>
  before + unit.repeat(Math.floor((SIZE - before.length - after.length) / unit.length)) + after;
const numbered = (unit: (n: number) => string, size = SIZE): string => {
  let text = "";
  for (let n = 0; text.length < size - 100; n++) text += unit(n);
  return text;
};

/** Value of a text, or the reason why it was rejected. */
function outcomeOf(text: string): unknown {
  try {
    return parseYaml(text, "specRaw");
  } catch (error) {
    if (error instanceof ValidationError || error instanceof RangeError) return error.message;
    throw error;
  }
}

describe("a YAML document", () => {
  it.each<[string, string, unknown]>([
    ["maps, lists and scalars", "a:\n  - 1\n  - x: true\nb: |\n  text\n", { a: [1, { x: true }], b: "text\n" }],
    ["aliases", "a: &one {n: 1}\nb: *one\nc: [*one]\n", { a: { n: 1 }, b: { n: 1 }, c: [{ n: 1 }] }],
    ["merge keys of YAML 1.1", "%YAML 1.1\n---\na: &a {x: 1}\nb: {<<: *a, m: 2}\n", { a: { x: 1 }, b: { x: 1, m: 2 } }],
    ["the same key in different maps", "a: {n: 1}\nb: {n: 2}\n", { a: { n: 1 }, b: { n: 2 } }],
  ])("can contain %s", (_what, text, value) => {
    expect(parseYaml(text, "specRaw")).toEqual(value);
  });

  it.each([
    ["a: 1\nb: 2\na: 3\n", 'The key "a" appears twice in the same map at line 3'],
    ['a: 1\n"a": 2\n', 'The key "a" appears twice in the same map at line 2'],
    ['x:\n  1: a\n  "1": b\n', 'The key "1" appears twice in the same map at line 3'],
    ["{a: 1,\n b: {c: 1,\n c: 2}}\n", 'The key "c" appears twice in the same map at line 3'],
    ["- a: 1\n- &x\n  b: 1\n  b: 2\n", 'The key "b" appears twice in the same map at line 4'],
    ["a: 1\nb: [\n", "The document is neither JSON nor YAML: "],
    ["a: 1\n\tb: 2\n c: 3", "at line "],
  ])("is rejected with the line of the error: %j", (text, message) => {
    expect(outcomeOf(text)).toContain(message);
  });

  it("of more than 256 KiB is rejected", () => {
    expect(outcomeOf(`a: ${"x".repeat(256 * 1024)}`)).toContain("Convert it to JSON");
  });
});

describe("YAML that would take much memory is rejected before it is parsed:", () => {
  it.each([
    ["flow lists in each other", "[".repeat(300), "nested"],
    ["flow maps in each other", "{a: ".repeat(300), "nested"],
    ["block lists on one line", "- ".repeat(300), "nested"],
    ["explicit keys on one line", "? ".repeat(300), "nested"],
    ["more than 100,000 tokens", "-\n".repeat(60_000), "tokens"],
  ])("%s", (_what, text, reason) => {
    expect(outcomeOf(text)).toContain(reason);
  });

  it("many lists next to each other are accepted", () => {
    expect(parseYaml(`[${"[],".repeat(300)}]`, "specRaw")).toHaveLength(300);
    expect(parseYaml("- - 1\n".repeat(300), "specRaw")).toHaveLength(300);
  });
});

describe("hostile YAML takes bounded work:", () => {
  it.each<[string, string]>([
    ["many keys", numbered((n) => `k${n}: 1\n`, 150_000)],
    ["many keys of a flow map", `{${numbered((n) => `k${n}: 1, `)}}`],
    ["many keys without values", numbered((n) => `k${n}:\n`)],
    ["many keys that are lists", numbered((n) => `? [${n}]\n: 1\n`)],
    ["keys with escapes", numbered((n) => `"\\u0041${n}": 1\n`)],
    ["one key over and over", filled("a: 1\n")],
    ["escapes", filled("\\u0041", '"', '"')],
    ["comments", filled("# c\n")],
    ["flow lists that are not closed", filled("[")],
    ["flow maps in each other", filled("{a: ")],
    ["block lists in each other", filled("- ")],
    ["ever deeper indentation", Array.from({ length: 650 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
    ["aliases", filled("- *a\n", "- &a [1]\n")],
    ["anchors", numbered((n) => `- &a${n} x\n`)],
    ["aliases of aliases", numbered((n) => `- &a${n} [${n === 0 ? 1 : `*a${n - 1}`}]\n`)],
    ["an alias of itself", "a: &a\n  b: *a\n"],
    [
      "merges of one large map",
      `%YAML 1.1\n---\na: &a {${numbered((n) => `k${n}: 1, `, 10_000)}}\n${numbered((n) => `b${n}: {<<: *a}\n`)}`,
    ],
    ["a long scalar", filled("x")],
    ["a scalar of many lines", filled("x\n")],
    ["a folded scalar", filled("  x\n\n", "a: >\n")],
    ["tags", numbered((n) => `- !t${n} a\n`)],
    ["tabs", filled("a:\t1\n")],
    ["documents", filled("--- a\n")],
    ["white space", filled(" \n")],
  ])("%s", (_what, text) => {
    // Either a value or a rejection, and no other error.
    expect(() => outcomeOf(text)).not.toThrow();
  });
});
