import { describe, expect, it } from "vitest";
import { compilePath, JsonPathError } from "./json-path.ts";

describe("a path", () => {
  it.each([
    ["$", [{ a: [1, { b: 2 }] }]],
    ["$.a[0]", [1]],
    ["$['a'][-1].b", [2]],
    ["$.a[*]", [1, { b: 2 }]],
    ["$..b", [2]],
    ["$.a[0:1]", [1]],
    ["$.none", []],
  ])("finds values: %s", (path, values) => {
    expect(compilePath(path).values({ a: [1, { b: 2 }] })).toEqual(values);
  });

  it.each(["", "a.b", "$.", "$[", "$.a b", "$".repeat(3), "$[?", `$['${"x".repeat(300)}']`])(
    "that is invalid is rejected with a message: %s",
    (path) => expect(() => compilePath(path)).toThrow(JsonPathError),
  );

  it.each([
    "$..a..b",
    "$..*",
    "$..[0]",
    "$[*,*]",
    "$['a','b']",
    "$[?@.a]",
    "$[?match(@, '(a+)+')]",
    `$${".a".repeat(40)}`,
  ])("that could visit the same value repeatedly is rejected: %s", (path) =>
    expect(() => compilePath(path)).toThrow(JsonPathError),
  );
});
