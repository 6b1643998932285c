import { expect, it } from "vitest";
import { jsonText, visible } from "./output.ts";

it("keeps only line breaks and tabs of the control characters in a message", () => {
  expect(visible("a\n\tb \u001B[2J \u009B2J \u202E c\r")).toBe("a\n\tb ·[2J ·2J · c·");
});

it("escapes control characters in JSON that terminals would interpret", () => {
  const value = { text: "a\u009B31mb\u007F\u2028é" };
  const line = jsonText(value);
  expect(line).toBe('{"text":"a\\u009b31mb\\u007f\\u2028é"}');
  expect(JSON.parse(line)).toEqual(value);
});
