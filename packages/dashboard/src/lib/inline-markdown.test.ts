import { expect, it } from "vitest";
import { inlineParts } from "./inline-markdown.ts";

it("a sentence is split into emphasis, code and links", () => {
  expect(inlineParts("Open *Settings*, choose `json` at <https://a.example/x> or [here](https://b.example).")).toEqual([
    { kind: "text", text: "Open " },
    { kind: "emphasis", text: "Settings" },
    { kind: "text", text: ", choose " },
    { kind: "code", text: "json" },
    { kind: "text", text: " at " },
    { kind: "link", text: "a.example/x", href: "https://a.example/x" },
    { kind: "text", text: " or " },
    { kind: "link", text: "here", href: "https://b.example" },
    { kind: "text", text: "." },
  ]);
});

it("links other than https, and single marks, stay text", () => {
  for (const text of ["[x](javascript:alert(1))", "<http://a.example>", "2 * 3", "a ` b"]) {
    expect(inlineParts(text)).toEqual([{ kind: "text", text }]);
  }
});
