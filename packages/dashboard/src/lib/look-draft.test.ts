import { describe, expect, it } from "vitest";
import { EMPTY_LOOK, lookOf, settingsOf } from "./look-draft.ts";

describe("the appearance of the portal", () => {
  it("has only parts that are valid and differ from the defaults", () => {
    expect(lookOf(EMPTY_LOOK)).toEqual({});
    const draft = {
      name: " Acme ",
      logo: "http://acme.example/l.svg",
      colour: "#0a7",
      font: "url(x)",
      theme: "dark" as const,
    };
    expect(lookOf(draft)).toEqual({ name: "Acme", colour: "#00aa77", theme: "dark" });
  });

  it("is written as settings that a shell and the server read in the same way", () => {
    const look = {
      name: "Acme Hooks",
      logo: "https://acme.example/l.svg",
      colour: "#00aa77",
      font: "Georgia, 'Times'",
      theme: "dark",
    };
    expect(settingsOf(look).split("\n")).toEqual([
      "POSTHORN_PORTAL_NAME='Acme Hooks'",
      "POSTHORN_PORTAL_LOGO=https://acme.example/l.svg",
      "POSTHORN_PORTAL_COLOUR='#00aa77'",
      `POSTHORN_PORTAL_FONT="Georgia, 'Times'"`,
    ]);
  });
});
