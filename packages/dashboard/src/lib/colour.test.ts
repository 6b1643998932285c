import { describe, expect, it } from "vitest";
import { accentOf, contrast, parseColour } from "./colour.ts";

describe("parseColour", () => {
  it.each([
    ["#0a7d5c", "#0a7d5c"],
    ["28BB93", "#28bb93"],
    ["#fc0", "#ffcc00"],
    ["red", null],
    ["#12345", null],
    ["#0a7d5c;--bg:red", null],
  ])("parses %s as %s", (text, colour) => expect(parseColour(text)).toBe(colour));
});

describe("accentOf", () => {
  it.each(["#ffff00", "#000000", "#ffffff", "#0a7d5c", "#ff5c35", "#7f7f7f", "#28bb93"])(
    "makes %s readable on light and dark backgrounds, and text on it too",
    (colour) => {
      const { light, dark, onLight, onDark } = accentOf(colour);
      for (const ground of ["#ffffff", "#f8f8f6", "#f2f2ee"]) expect(contrast(light, ground)).toBeGreaterThan(4.5);
      for (const ground of ["#101215", "#17191e", "#20242b"]) expect(contrast(dark, ground)).toBeGreaterThan(4.5);
      expect(contrast(light, onLight)).toBeGreaterThan(4.5);
      expect(contrast(dark, onDark)).toBeGreaterThan(4.5);
    },
  );

  it("keeps a colour with enough contrast", () => expect(accentOf("#0a6b4f").light).toBe("#0a6b4f"));
});
