import { jsonLanguage } from "@codemirror/lang-json";
import { describe, expect, it } from "vitest";
import { expectedAt, namesAt, spanOf } from "./json-place.ts";

/** The position of `|` in a text. */
function placeIn(marked: string) {
  const position = marked.indexOf("|");
  const text = marked.replace("|", "");
  const tree = jsonLanguage.parser.parse(text);
  return { expected: expectedAt(tree, text, position), names: namesAt(tree, text, position) };
}

describe("the position of the cursor in unfinished JSON", () => {
  it.each([
    ["{|", "name", []],
    ['{"a": 1, |}', "name", []],
    ['{"a": |', "value", ["a"]],
    ['{"a": {"b": {|', "name", ["a", "b"]],
    ['{"a": {"b": [{|}]}}', "name", ["a", "b"]],
    ['{"a": [1, |2]}', null, ["a"]],
    ['{"a": 1 |}', null, []],
  ])("of %s is a %s inside %j", (marked, expected, names) => {
    expect(placeIn(marked)).toEqual({ expected, names });
  });
});

describe("a path of the server", () => {
  const text = '{"body": {"lines": [{"sku": 1}, {"sku": {"$gt": 2}}], "a.b": {"c": 3}}}';
  const tree = jsonLanguage.parser.parse(text);
  const found = (path: string): string | null => {
    const span = spanOf(tree, text, path);
    return span === null ? null : text.slice(span.from, span.to);
  };

  it.each([
    ["body.lines[1].sku.$gt", '"$gt"'],
    ["body.lines[0]", '{"sku": 1}'],
    ["body.a.b.c", '"c"'],
    ['body."a.b".c', '"c"'],
  ])("%s leads to its member", (path, member) => {
    expect(found(path)).toBe(member);
  });

  it("leads to the innermost member that exists, and to none outside", () => {
    expect(found("body.lines[7].sku")).toBe('"lines"');
    expect(found("other")).toBeNull();
  });
});
