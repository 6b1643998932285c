import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gapsOf, readPortalLanguages } from "./portal-languages.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "posthorn-languages-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: string): void {
  writeFileSync(join(folder, file), content);
}

describe("the languages of a folder", () => {
  it("are its JSON files, by their tag", () => {
    write("pt-BR.json", `{"name": "Português (Brasil)", "texts": {"portal": {"nav": {"signing": "Assinatura"}}}}`);
    write("it.json", `{"name": "Italiano"}`);
    write("README.md", "Not a language.");
    const languages = readPortalLanguages(folder);
    expect(languages.map(({ tag, name }) => [tag, name])).toEqual([
      ["it", "Italiano"],
      ["pt-BR", "Português (Brasil)"],
    ]);
    expect([...languages[1]!.texts]).toEqual([["portal.nav.signing", "Assinatura"]]);
  });

  it("are none without a folder", () => {
    expect(readPortalLanguages("")).toEqual([]);
  });

  it.each([
    ["italian.json", "{}", /italian\.json is not named after a language tag/],
    ["it.json", "{", /it\.json is not JSON/],
    ["it.json", "[]", /it\.json is not a JSON object/],
    ["it.json", "{}", /it\.json has no `name`/],
    [
      "it.json",
      `{"name": "Italiano", "texts": {"a": {"b": 1}}}`,
      /it\.json has something other than a text at texts\.a\.b/,
    ],
    ["it.json", `{"name": "Italiano", "server": {"a": ["b"]}}`, /other than a text at server\.a/],
  ])("are refused with the file and the reason: %s with %s", (file, content, reason) => {
    write(file, content);
    expect(() => readPortalLanguages(folder)).toThrow(reason);
  });

  it("are refused if the folder does not exist", () => {
    expect(() => readPortalLanguages(join(folder, "none"))).toThrow(/POSTHORN_PORTAL_LANGUAGES cannot be used/);
  });
});

it("the gaps of a language are texts that it lacks, and keys that the portal does not have, whatever its plural forms", () => {
  const english = new Map(["a.one_one", "a.one_other", "a.two", "a.three"].map((key) => [key, "x"]));
  const texts = new Map(["a.one_few", "a.two", "old.text"].map((key) => [key, "y"]));
  expect(gapsOf({ texts }, english)).toEqual({ missing: 1, unknown: ["old.text"] });
});
