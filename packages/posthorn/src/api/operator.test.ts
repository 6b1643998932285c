import { describe, expect, it } from "vitest";
import { operatorOf } from "./operator.ts";

const headers = (operator: string | string[] | undefined, authorization: string | undefined = "Bearer x") => ({
  authorization,
  "posthorn-operator": operator,
});

describe("the operator of a command", () => {
  it.each([
    ["ada@build-1", "ada@build-1"],
    ["J%C3%BCrgen%40host", "Jürgen@host"],
    ["100%", "100%"],
    ["a%0Ab%00%E2%80%AEc", "abc"],
    ["x".repeat(500), "x".repeat(100)],
    ["   ", undefined],
    [["a", "b"], undefined],
    [undefined, undefined],
  ])("in %o is %o", (given, expected) => {
    expect(operatorOf(headers(given))).toBe(expected);
  });

  it("is not taken from a request with a cookie", () => {
    expect(operatorOf({ "posthorn-operator": "ada", authorization: undefined })).toBeUndefined();
  });
});
