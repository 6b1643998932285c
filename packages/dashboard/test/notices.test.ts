import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noticesOf, writeNotices } from "../scripts/notices.ts";

const GOOD = { name: "good", version: "1.0.0", identifier: "MIT", text: "Permission is granted" };

describe("third-party notices", () => {
  it("contain each package once, with its licence and text, sorted by name", () => {
    const text = noticesOf([GOOD, { ...GOOD, name: "a", text: "Copyright A\n" }, GOOD, { ...GOOD, version: "2.0.0" }]);
    expect(text.match(/^\S+ \S+ \(MIT\)$/gm)).toEqual(["a 1.0.0 (MIT)", "good 1.0.0 (MIT)", "good 2.0.0 (MIT)"]);
    expect(text).toContain("Copyright A");
  });

  it.each([
    ["GPL-3.0-only"],
    ["MIT AND GPL-3.0-only"],
    ["(AGPL-3.0 OR SSPL-1.0)"],
    ["SEE LICENSE IN LICENSE"],
    ["UNLICENSED"],
    [""],
    [undefined],
  ])("are rejected for the licence %s", (identifier) => {
    const { name, version, text } = GOOD;
    const entry = { name, version, text, ...(identifier === undefined ? {} : { identifier }) };
    expect(() => noticesOf([entry])).toThrow("good 1.0.0 has the licence");
  });

  it.each(["MIT", "OFL-1.1", "Apache-2.0", "(MIT OR GPL-3.0-only)", "GPL-2.0 OR MIT"])(
    "are made for %s",
    (identifier) => {
      expect(noticesOf([{ ...GOOD, identifier }])).toContain(`(${identifier})`);
    },
  );

  it("fail for packages without a licence text, and name all of them", () => {
    const { text: _, ...bare } = GOOD;
    const empty = { ...GOOD, name: "empty", text: " \n" };
    expect(() => noticesOf([GOOD, { ...bare, name: "bare" }, empty])).toThrow(/bare 1\.0\.0 [^]*empty 1\.0\.0/);
  });
});

describe("the notices of a build", () => {
  const folder = mkdtempSync(join(tmpdir(), "notices-"));
  const font = join(folder, "node_modules/@fonts/serif");

  beforeAll(() => {
    mkdirSync(join(folder, "web/.vite"), { recursive: true });
    mkdirSync(join(font, "files"), { recursive: true });
    writeFileSync(join(font, "package.json"), '{"name": "@fonts/serif", "version": "3.0.0", "license": "OFL-1.1"}');
    writeFileSync(join(font, "OFL.txt"), "not looked for");
    writeFileSync(join(font, "LICENSE"), "SIL Open Font License");
    writeFileSync(join(folder, "web/.vite/licenses.json"), JSON.stringify([GOOD]));
    const manifest = { "node_modules/@fonts/serif/files/a.woff2": { src: "node_modules/@fonts/serif/files/a.woff2" } };
    writeFileSync(join(folder, "web/.vite/manifest.json"), JSON.stringify({ ...manifest, "index.html": {} }));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it("contain the packages of scripts and fonts, and the files of the build tool are removed", () => {
    writeNotices(join(folder, "web"), folder);
    const text = readFileSync(join(folder, "web/THIRD-PARTY-NOTICES.txt"), "utf8");
    expect(text).toContain("good 1.0.0 (MIT)");
    expect(text).toContain("@fonts/serif 3.0.0 (OFL-1.1)");
    expect(text).toContain("SIL Open Font License");
    expect(() => readFileSync(join(folder, "web/.vite/manifest.json"))).toThrow("ENOENT");
  });
});
