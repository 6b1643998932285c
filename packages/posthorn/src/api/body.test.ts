import { describe, expect, it } from "vitest";
import { splitLines } from "./body.ts";

const texts = (text: string, most = 10): string[] =>
  (splitLines(Buffer.from(text), most).lines ?? []).map((line) => line.toString());

describe("a body of lines", () => {
  it.each([
    ["", []],
    ["\n \r\n\t", []],
    ["a", ["a"]],
    ["a\n\n \nb\r\n", ["a", "b\r"]],
    ["a b\nc", ["a b", "c"]],
  ])("is split at its newlines, without empty lines: %j", (body, lines) => {
    expect(texts(body)).toEqual(lines);
  });

  it("is not split any further once it has too many lines", () => {
    expect(texts("x\n".repeat(100), 3)).toEqual(["x", "x", "x"]);
  });
});
