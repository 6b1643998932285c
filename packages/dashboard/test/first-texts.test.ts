/** The first load has only the English texts that it shows; the others load with the page that shows them. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { first } from "../src/i18n/en/first.ts";
import { rest } from "../src/i18n/en/rest.ts";

const SOURCE = join(import.meta.dirname, "../src");
const STATIC_IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?"(\.[^"]+\.tsx?)";/gm;

/** The modules that a module imports, whose values it needs. */
function importsOf(path: string): readonly string[] {
  return [...readFileSync(path, "utf8").matchAll(STATIC_IMPORT)].flatMap(([statement, file]) => {
    const names = /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "") ?? [""];
    const isType = names.every((name) => name.trim().startsWith("type "));
    const imported = join(dirname(path), file!);
    return isType || !existsSync(imported) || imported.includes("/i18n/en") ? [] : [imported];
  });
}

/** The modules of the first load. */
function firstModules(): readonly string[] {
  const found = new Set([join(SOURCE, "main.tsx")]);
  for (const path of found) for (const imported of importsOf(path)) found.add(imported);
  return [...found];
}

/** Keys of texts in a module, such as `home.title`, by their group. Names of documents are not keys. */
function groupsOf(path: string): readonly string[] {
  return [...readFileSync(path, "utf8").matchAll(/["`](\w+)\.(?!md\b)[\w$]/g)].map(([, group]) => group!);
}

describe("the English texts", () => {
  it("of the modules in the first load are in the first load", () => {
    const modules = firstModules();
    expect(modules.length).toBeGreaterThan(60);
    const missing = modules.flatMap((path) =>
      groupsOf(path).flatMap((group) => (group in rest && !(group in first) ? [`${path}: ${group}`] : [])),
    );
    expect(missing).toEqual([]);
  });
});
