import { describe, expect, it } from "vitest";
import { type HeadersInput, readHeaders, requireHeader } from "./request.ts";

describe("readHeaders", () => {
  it.each<[string, HeadersInput]>([
    ["Headers", new Headers({ "X-Sig": " a ", empty: "" })],
    ["a record in any case", { "X-SIG": " a ", empty: "" }],
    ["Node's arrays", { "x-sig": ["a"], empty: [""] }],
    [
      "pairs",
      [
        ["X-Sig", "a"],
        ["Empty", ""],
      ],
    ],
  ])("finds a header by lower-case name in %s", (_, input) => {
    const headers = readHeaders(input);
    expect(headers.get("x-sig")).toBe("a");
    expect(headers.get("empty")).toBe("");
    expect(headers.get("other")).toBeUndefined();
    expect(headers.all("other")).toEqual([]);
  });

  it("keeps repeated values separate if the source does, and joins them for get", () => {
    const pairs = readHeaders([
      ["A", "1"],
      ["b", "x"],
      ["a", "2"],
    ]);
    expect(pairs.all("a")).toEqual(["1", "2"]);
    expect(pairs.get("a")).toBe("1, 2");
    expect(readHeaders({ a: ["1", "2"] }).all("a")).toEqual(["1", "2"]);
  });

  it("does not read inherited properties as headers", () => {
    const headers = readHeaders({});
    for (const name of ["constructor", "tostring", "__proto__", "get"]) expect(headers.get(name)).toBeUndefined();
  });

  it("treats a record with a header named get as a record", () => {
    expect(readHeaders({ get: "value" }).get("get")).toBe("value");
  });
});

describe("requireHeader", () => {
  it("names the header that is missing or empty", () => {
    for (const input of [{}, { "x-sig": "" }]) {
      expect(() => requireHeader(readHeaders(input), "x-sig")).toThrow(
        expect.objectContaining({ code: "missing_header", details: { headerName: "x-sig" } }),
      );
    }
  });
});
