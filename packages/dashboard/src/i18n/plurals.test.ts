/** Numbers in texts: "1 endpoint" and "2 endpoints", in each language. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import i18next from "i18next";
import { describe, expect, it } from "vitest";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";

const LANGUAGES = Object.entries({ en, de, fr, es });
const PLURAL = /_(?:zero|one|two|few|many|other)$/;

/** Placeholders that are replaced by a number. */
const NUMBERS = new Set(
  "all count degraded done down entries failed free matched max messages now number ok page pages succeeded value".split(
    " ",
  ),
);

/** Placeholders that are replaced by a name, by text with its own unit or by a text with its own plural. */
const TEXTS = new Set(
  `applications applies by cause clause column customers duration email endpoints example fault field filter found from high
  holding host id incident key kind label lasting line link low name names networks p95 p99 part per problem provider query role
  roles rule secrets server share size status target text time title to total type types until url version wait what words zone`.split(
    /\s+/,
  ),
);

/** Texts in which a number is followed by a word that does not change with the number. */
const SAME_WORD = new Map([
  ["apiReference.duration", "a unit"],
  ["attempts.place", "a number of a sequence"],
  ["bulk.done", "adjectives in English and German"],
  ["bulk.progress", "of"],
  ["bulk.selectAll", "only shown for two or more"],
  ["cluster.ago", "a duration"],
  ["cluster.share", "of"],
  ["compose.removeItem", "a number of a sequence"],
  ["endpointList.failing", "an adjective"],
  ["endpointList.quarantined", "an adjective"],
  ["endpointList.requestSpark", "adjectives"],
  ["endpoints.spark", "adjectives in English and German"],
  ["endpointState.of", "of"],
  ["filterEdit.row", "a number of a sequence"],
  ["filterRun.counts", "of"],
  ["firstRun.progress", "of"],
  ["home.diskFree", "a size"],
  ["home.due", "an adjective"],
  ["home.dueAtLeast", "an adjective"],
  ["home.firstAttemptShare", "a percentage"],
  ["home.health.both", "adjectives"],
  ["home.successOf", "a percentage"],
  ["policy.timeline.least", "only shown for two or more attempts"],
  ["policy.timeline.most", "only shown for two or more attempts"],
  ["storage.freeOf", "a size"],
  ["watchChart.moreKeys", "only shown for a full chart"],
  ["watchChart.page", "of"],
  ["watchEdit.unreadableCount", "an adjective"],
  ["watchText", "values of messages, without a unit"],
]);

/** Plural texts that have the same form for one and for several. */
const SAME_FORM: Readonly<Record<string, readonly string[]>> = {
  en: ["bulk.selected", "timeline.unmatched", "watches.pendingKeys", "watches.raisedKeys"],
  de: [
    "acrossReplay.ofCustomers",
    "bulk.selected",
    "duplicates.received",
    "sourceKinds.failures",
    "watches.pendingKeys",
    "watches.raisedKeys",
  ],
  fr: ["duplicates.received"],
  es: [],
};

function textsOf(words: object, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(words).flatMap(([name, value]) =>
    typeof value === "string" ? [[`${path}${name}`, value] as const] : textsOf(value as object, `${path}${name}.`),
  );
}

/** Placeholders of numbers that a word follows. */
function countedIn(text: string): readonly string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}(?: |-)\p{L}/gu)].map(([, name]) => name!).filter((name) => NUMBERS.has(name));
}

function keepsItsWord(key: string): boolean {
  return SAME_WORD.has(key) || SAME_WORD.has(key.split(".")[0]!);
}

describe.each(LANGUAGES)("numbers in the texts in %s", (language, words) => {
  const texts = textsOf(words);

  it("are in placeholders that are listed as numbers or texts", () => {
    const names = new Set(texts.flatMap(([, text]) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!)));
    expect([...names].filter((name) => !NUMBERS.has(name) && !TEXTS.has(name))).toEqual([]);
  });

  it("are followed by a word only if the text has a singular and a plural form", () => {
    const wrong = texts.filter(([key, text]) => {
      const allowed = PLURAL.test(key) ? 1 : 0;
      return countedIn(text).length > allowed && !keepsItsWord(key);
    });
    expect(wrong).toEqual([]);
  });

  it("have different singular and plural forms, unless the language has only one form", () => {
    const byKey = new Map(texts);
    const same = texts.flatMap(([key, text]) => {
      const stem = key.replace(/_one$/, "");
      return stem !== key && byKey.get(`${stem}_other`) === text ? [stem] : [];
    });
    expect(same.toSorted()).toEqual(SAME_FORM[language]);
  });

  it("are never a written-out “1” before a plural in parentheses", () => {
    expect(texts.filter(([, text]) => /\p{L}\((?:s|e|n|en|es)\)/u.test(text))).toEqual([]);
  });
});

describe("pages", () => {
  const stems = new Set(
    textsOf(en)
      .filter(([key]) => PLURAL.test(key))
      .map(([key]) => key.replace(PLURAL, "")),
  );
  const src = join(import.meta.dirname, "..");
  const files = globSync("**/*.{ts,tsx}", { cwd: src }).filter((file) => !file.includes("i18n/"));

  it("pass a count wherever a text has several forms", () => {
    const calls = files.flatMap((file) => {
      const code = readFileSync(join(src, file), "utf8");
      return [...code.matchAll(/"([\w.-]+)"/g)]
        .filter(([, key]) => stems.has(key!))
        .map(({ index, 1: key }) => ({ file, key, around: code.slice(Math.max(0, index - 300), index + 300) }));
    });
    expect(calls.length).toBeGreaterThan(50);
    expect(calls.filter(({ around }) => !/\bcount\b/.test(around)).map(({ file, key }) => `${file}: ${key}`)).toEqual(
      [],
    );
  });
});

it.each([
  ["en", "1 message to 1 endpoint of 1 customer", "2 messages to 3 endpoints of 2 customers"],
  ["de", "1 Nachricht an 1 Endpunkt von 1 Kunden", "2 Nachrichten an 3 Endpunkte von 2 Kunden"],
])("a text with several numbers has the right form for each of them in %s", async (language, one, several) => {
  const instance = i18next.createInstance();
  const resources = Object.fromEntries(LANGUAGES.map(([name, translation]) => [name, { translation }]));
  await instance.init({ lng: language, resources, interpolation: { escapeValue: false } });
  const { t } = instance;
  const sentence = (messages: number, endpoints: number, customers: number): string =>
    t("acrossReplay.wouldSend", {
      count: messages,
      value: messages,
      endpoints: t("acrossReplay.toEndpoints", { count: endpoints, value: endpoints }),
      customers: t("acrossReplay.ofCustomers", { count: customers, value: customers }),
    });
  expect(sentence(1, 1, 1)).toBe(one);
  expect(sentence(2, 3, 2)).toBe(several);
});
