import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMistake as findMistakeInBytes, JsonScanner, type ScanOptions } from "./json-scanner.ts";

/** Position of the first error in characters, as V8 counts it. */
function findMistake(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.toString("utf8", 0, findMistakeInBytes(bytes)).length;
}

describe("findMistake", () => {
  it.each([
    ["", 0],
    ["  ", 2],
    ["{", 1],
    ["nonsense", 1],
    ["tru", 3],
    ["truth", 3],
    ["NaN", 0],
    ['{"a":NaN}', 5],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":1e+}', 8],
    ['{"a":+1}', 5],
    ['{"a":-}', 6],
    ['{"a":1,}', 7],
    ["[1,]", 3],
    ["[,1]", 1],
    ["{,}", 1],
    ["[1 2]", 3],
    ["[1.2.3]", 4],
    ["[1e2.5]", 4],
    ["[1e2e]", 4],
    ["[1}", 2],
    ['{"a"]', 4],
    ['{"a":1]', 6],
    ["{'a':1}", 1],
    ["{a:1}", 1],
    ['"a\nb"', 2],
    ['"a\\x"', 3],
    ['"\\u12g4"', 5],
    ['"\\u12', 5],
    ['"never closed', 13],
    ["{}{}", 2],
    ["{} x", 3],
    ["\ufeff{}", 0],
    ["[1]\u00a0", 3],
  ])("finds the position of the error in %j", (text, place) => {
    expect(() => JSON.parse(text) as unknown).toThrow("JSON");
    expect(findMistake(text)).toBe(place);
  });

  it("returns the position that V8 reports, if it reports one", () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "x", "\n", "\\", "1", " "))
      .map(([json, at, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + 1));
    fc.assert(
      fc.property(broken, (text) => {
        const named = placeByV8(text);
        fc.pre(named !== null);
        expect(findMistake(text)).toBe(named);
      }),
      { numRuns: 2000 },
    );
  });

  it("handles any depth of nesting", () => {
    expect(findMistake("[".repeat(1_000_000))).toBe(1_000_000);
  });
});

describe("JsonScanner", () => {
  const scan = (text: string, options: ScanOptions = {}, step = 1): JsonScanner => {
    const scanner = new JsonScanner(Buffer.from(text), options);
    while (!scanner.advance(step));
    return scanner;
  };
  const cutsOf = (text: string, options: ScanOptions): string[] =>
    scan(text, options).cuts.map(({ start, end }) => Buffer.from(text).toString("utf8", start, end));

  it("accepts exactly what JSON.parse accepts, in pieces of any size", () => {
    const texts = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "x", "\n", "\\", "1", " ", "-", "e", "0"))
      .map(([json, at, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + 1));
    fc.assert(
      fc.property(fc.oneof(fc.json(), texts), fc.integer({ min: 1, max: 20 }), (text, step) => {
        fc.pre(text.isWellFormed());
        expect(scan(text, {}, step).fault === null).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("finds the values of opaque members in the outermost object only", () => {
    const text = '{"a":{"data":1},"data":[1,{"data":2}],"d\\u0061ta":{"x":"}"},"b":[{"data":{}}],"data":"a\\"b"}';
    expect(cutsOf(text, { opaque: new Set(["data"]) })).toEqual(['[1,{"data":2}]', '{"x":"}"}', '"a\\"b"']);
    expect(cutsOf('[{"data":{}}]', { opaque: new Set(["data"]) })).toEqual([]);
  });

  it("finds the items of a list, and those of the last one when the list is repeated", () => {
    const text = '{"list":[{"a":[1]}],"other":[{}],"list":[{"list":[{}]},2,[3],{}],"z":{"list":[{}]}}';
    const { items } = scan(text, { list: "list" });
    expect(items.map(({ start, end }) => text.slice(start, end))).toEqual(['{"list":[{}]}', "[3]", "{}"]);
  });

  it("limits the number of values and the depth, except within opaque members", () => {
    const limits = { opaque: new Set(["data"]), maxValues: 4, maxDepth: 2 };
    expect(scan('{"data":[[[[1,2,3,4,5]]]],"b":[1]}', limits).fault).toBeNull();
    expect(scan('{"b":[1,2,3]}', limits).fault).toEqual({ kind: "wide", member: "b" });
    expect(scan('{"b":[[]]}', limits).fault).toEqual({ kind: "deep", member: "b" });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Position in the error message of V8; `null` when it has none, or the text is valid JSON. */
function placeByV8(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    return place === undefined ? null : Number(place);
  }
}
