import { expect, it } from "vitest";
import { firstSource, showsFirstRun } from "./first-run.ts";
import { publishSnippets } from "./publish-snippets.ts";

it("shows the first steps on an empty server, keeps them after the first message, and never again once hidden", () => {
  expect(showsFirstRun("new", true)).toBe(true);
  expect(showsFirstRun("new", false)).toBe(false);
  expect(showsFirstRun("new", undefined)).toBe(false);
  expect(showsFirstRun("open", false)).toBe(true);
  expect(showsFirstRun("hidden", true)).toBe(false);
});

it("does not count a capture as the first source", () => {
  const capture = { id: "src_1", name: "Capture", expiresAt: "2026-12-01T00:00:00Z" };
  const source = { id: "src_2", name: "GitHub", expiresAt: null };
  expect(firstSource([capture, source])).toBe(source);
  expect(firstSource([capture])).toBeUndefined();
});

it("writes the publishing call in nine languages, none of which contains a key", () => {
  const payload = `{"note":"it's \\"quoted\\" \\\\ here"}`;
  const snippets = publishSnippets({ url: "https://p.example", app: "a/b", eventType: "invoice.paid", payload });
  expect(snippets.map(({ id }) => id)).toEqual("curl javascript python go ruby php java csharp rust".split(" "));
  for (const { code } of snippets) {
    expect(code).toContain("https://p.example/api/v1/app/a%2Fb/msg");
    expect(code).toContain("POSTHORN_TOKEN");
    expect(code).toContain("invoice.paid");
  }
  expect(snippets[0]!.code).toContain(`it'\\''s`);
  expect(snippets.find(({ id }) => id === "ruby")!.code).toContain(`it\\'s`);
});
