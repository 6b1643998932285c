import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { de } from "./de.ts";
import { server as deServer } from "./de/server.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { server as esServer } from "./es/server.ts";
import { fr } from "./fr.ts";
import { server as frServer } from "./fr/server.ts";

/** Texts by their key. */
function textsOf(words: object, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(words).flatMap(([name, value]) =>
    typeof value === "string" ? [[`${path}${name}`, value] as const] : textsOf(value as object, `${path}${name}.`),
  );
}

const ENGLISH = new Map(textsOf(en));
const PLURAL = /_(zero|one|two|few|many|other)$/;
/** Keys of plural texts, without their form. */
const PLURALS = new Set([...ENGLISH.keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, "")));

/** Placeholders in double braces, and elements. */
function holesOf(text: string): readonly string[] {
  return [...text.matchAll(/\{\{\w+\}\}|<\w+\/>/g)].map(([hole]) => hole).toSorted((a, b) => a.localeCompare(b));
}

/** The keys that a translation of these English keys has: plural texts once for each form that the language has for whole numbers. */
function expectedKeys(english: readonly string[], language: string): readonly string[] {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const keys = english.flatMap((key) => {
    const stem = key.replace(PLURAL, "");
    return PLURALS.has(stem) ? forms.map((form) => `${stem}_${form}`) : [key];
  });
  return [...new Set(keys)].toSorted();
}

const LANGUAGES = [
  ["de", de, deServer],
  ["fr", fr, frServer],
  ["es", es, esServer],
] as const;

describe.each(LANGUAGES)("the texts in %s", (language, texts, server) => {
  const own = textsOf(texts);

  it("have only keys that English has, and each plural text in all forms of the language", () => {
    const known = new Set(expectedKeys([...ENGLISH.keys()], language));
    expect(own.filter(([key]) => !known.has(key))).toEqual([]);
    const stems = new Set(own.map(([key]) => key.replace(PLURAL, "")));
    const wanted = expectedKeys(
      [...ENGLISH.keys()].filter((key) => stems.has(key.replace(PLURAL, ""))),
      language,
    );
    expect(own.map(([key]) => key).toSorted()).toEqual(wanted);
  });

  it("have the placeholders of the English text, and are not empty", () => {
    const wrong = own.filter(([key, text]) => {
      const english = ENGLISH.get(key) ?? ENGLISH.get(key.replace(PLURAL, "_other"))!;
      return text.trim() === "" || JSON.stringify(holesOf(text)) !== JSON.stringify(holesOf(english));
    });
    expect(wrong).toEqual([]);
  });

  it("translate only sentences of the server that German translates too", () => {
    const known = new Set(textsOf(deServer).map(([key]) => key));
    expect(textsOf(server).filter(([key, text]) => !known.has(key) || text.trim() === "")).toEqual([]);
  });
});

it("French texts have no line break before a punctuation mark that a space precedes, and inside of quotation marks", () => {
  expect([...textsOf(fr), ...textsOf(frServer)].filter(([, text]) => / [:;?!»]|« /.test(text))).toEqual([]);
});

describe("the texts of the dashboard", () => {
  it("have the same keys in German as in English", () => {
    expect(
      textsOf(de)
        .map(([key]) => key)
        .toSorted(),
    ).toEqual([...ENGLISH.keys()].toSorted());
  });
});

const SRC = join(import.meta.dirname, "..");
/** Parts that only operators see, although the portal loads the file that shows them. */
const OPERATOR_PARTS = new Set([
  "parts/across-result.tsx",
  "parts/share-dialog.tsx",
  "parts/source-samples.tsx",
  "parts/due-times.tsx",
  "parts/message-filters.tsx",
  "parts/views.tsx",
  "parts/view-dialog.tsx",
  "parts/api-command.tsx",
  "layout/preferences-menu.tsx",
]);

/** Files that make up the pages of the portal. */
function portalFiles(): readonly string[] {
  const router = readFileSync(join(SRC, "router.tsx"), "utf8");
  const pages = router.slice(router.indexOf("const portalPages")).matchAll(/import\("(\.\/[^"]+)"\)/g);
  const waiting = [join(SRC, "layout/portal.tsx"), ...[...pages].map((match) => join(SRC, match[1]!))];
  const found = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || file.includes("/i18n/") || statSync(file, { throwIfNoEntry: false }) === undefined) continue;
    found.add(file);
    const imports = readFileSync(file, "utf8").matchAll(/^(?!import type).*(?:from |import\()"(\.[^"]+\.tsx?)"/gm);
    for (const match of imports) waiting.push(join(dirname(file), match[1]!));
  }
  return [...found].map((file) => relative(SRC, file)).filter((file) => !OPERATOR_PARTS.has(file));
}

/** Texts that a customer sees only when an operator's setting has blocked something, which name that setting. */
const OPERATOR_KEYS = new Set(["network.proxyRefused"]);

describe("the texts of the portal", () => {
  const keys = new Set(
    portalFiles().flatMap((file) =>
      [...readFileSync(join(SRC, file), "utf8").matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((match) => match[1]!),
    ),
  );

  it.each([
    ["fr", fr],
    ["es", es],
  ] as const)("are complete in %s", (language, texts) => {
    const own = new Set(textsOf(texts).map(([key]) => key.replace(PLURAL, "")));
    expect(keys.size).toBeGreaterThan(300);
    expect({ language, missing: [...keys].filter((key) => !own.has(key)).toSorted() }).toEqual({
      language,
      missing: [],
    });
  });

  it.each([
    ["en", en],
    ["de", de],
    ["fr", fr],
    ["es", es],
  ] as const)("do not name Posthorn to customers in %s", (language, texts) => {
    const shown = textsOf(texts).filter(([key]) => keys.has(key.replace(PLURAL, "")) && !OPERATOR_KEYS.has(key));
    expect({ language, named: shown.filter(([, text]) => /posthorn/i.test(text)) }).toEqual({ language, named: [] });
  });
});
