import { expect, it } from "vitest";
import { visible } from "./output.ts";

it("leaves only line breaks and tabs of the control characters in a message", () => {
  expect(visible("a\n\tb \u001B[2J \u009B2J \u202E c\r")).toBe("a\n\tb ·[2J ·2J · c·");
});
