import { describe, expect, it } from "vitest";
import { isDeeperThan, MAX_JSON_DEPTH, pathBeyond } from "./json-depth.ts";

/** A value of `levels` nested objects or lists. */
function nested(levels: number, kind: "object" | "list"): unknown {
  const [open, close] = kind === "object" ? ['{"a":', "}"] : ["[", "]"];
  return JSON.parse(`${open.repeat(levels)}0${close.repeat(levels)}`);
}

describe.each(["object", "list"] as const)("a nested %s", (kind) => {
  it("is too deep from one level over the limit", () => {
    expect(pathBeyond(nested(MAX_JSON_DEPTH, kind))).toBeNull();
    expect(pathBeyond(nested(MAX_JSON_DEPTH + 1, kind))).not.toBeNull();
  });

  it("is reported as too deep even at a million levels", () => {
    expect(pathBeyond(nested(1_000_000, kind))).not.toBeNull();
  });
});

describe("the path to a value that is too deep", () => {
  it("consists of the first few member names and list indexes", () => {
    const value = { first: {}, second: [1, { third: nested(300, "object") }] };
    expect(pathBeyond(value)).toEqual(["second", "[1]", "third", "a", "a", "a", "a", "a"]);
  });

  it("does not exist for scalar values or wide ones", () => {
    for (const value of [null, 1, "text", true, [], {}]) expect(pathBeyond(value)).toBeNull();
    expect(pathBeyond(Array.from({ length: 200_000 }, () => ({ a: [1] })))).toBeNull();
  });
});

describe("JSON bytes", () => {
  it.each([
    ["[[1]]", 2],
    ['{"a":[{}],"b":[[],[]]}', 3],
    ['{"a[{":"[[[[{{{{\\"[[[","b":"\\\\","c":{"d":1}}', 2],
    ['"[[["', 0],
    ["1", 0],
    [' [ { "é[" : "]" } ] ', 2],
  ])("%s are %i levels deep", (text, depth) => {
    const bytes = Buffer.from(text);
    expect(isDeeperThan(bytes, depth)).toBe(false);
    expect(isDeeperThan(bytes, depth - 1)).toBe(depth > 0);
  });

  it("are as deep as the value that they encode", () => {
    for (const levels of [MAX_JSON_DEPTH, MAX_JSON_DEPTH + 1, 50_000]) {
      for (const kind of ["object", "list"] as const) {
        const text =
          kind === "object"
            ? `${'{"a":'.repeat(levels)}0${"}".repeat(levels)}`
            : `${"[".repeat(levels)}${"]".repeat(levels)}`;
        expect(isDeeperThan(Buffer.from(text))).toBe(pathBeyond(JSON.parse(text)) !== null);
      }
    }
  });
});
