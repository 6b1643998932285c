/** Each text that a kind of destinations or sources declares has a German translation in the dashboard and the portal. */
import { describe, expect, it } from "vitest";
import { brokers } from "../../dashboard/src/i18n/de/kinds/brokers.ts";
import { chat } from "../../dashboard/src/i18n/de/kinds/chat.ts";
import { clouds } from "../../dashboard/src/i18n/de/kinds/clouds.ts";
import { sourceBrokers } from "../../dashboard/src/i18n/de/kinds/source-brokers.ts";
import { sourceTables } from "../../dashboard/src/i18n/de/kinds/source-tables.ts";
import { sources } from "../../dashboard/src/i18n/de/kinds/sources.ts";
import { places, products, texts } from "../../dashboard/src/i18n/de/kinds.ts";
import type { AnyKind } from "../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../src/destinations/kinds.ts";
import type { AnySourceKind } from "../src/sources/kind.ts";
import { SOURCE_KINDS } from "../src/sources/kinds.ts";

interface Declared {
  /** `kind.field.label` and the like. */
  readonly place: string;
  readonly text: string;
}

function declarationOf(name: string, kind: AnyKind | AnySourceKind): readonly Declared[] {
  return [
    { place: `${name}.title`, text: kind.title },
    { place: `${name}.summary`, text: kind.summary },
    ...kind.setup.map((text, step) => ({ place: `${name}.setup.${step + 1}`, text })),
    ...("events" in kind ? kind.events : []).map(({ description: text }) => ({ place: `${name}.event`, text })),
    ...Object.entries(kind.fields).flatMap(([field, { label, help }]) => [
      { place: `${name}.${field}.label`, text: label },
      { place: `${name}.${field}.help`, text: help },
    ]),
  ];
}

const DECLARED: readonly Declared[] = [
  ...Object.entries(DESTINATION_KINDS).flatMap(([name, kind]) => declarationOf(name, kind)),
  ...Object.entries(SOURCE_KINDS).flatMap(([name, kind]) => declarationOf(name, kind)),
];

const translated = (text: string): boolean => Object.hasOwn(texts, text);
/** Values that are the same in both languages: placeholders, code and URLs. */
const keptIn = (text: string): readonly string[] =>
  (text.match(/\{\{?\w+\}?\}|`[^`]+`|https?:\/\/[\w./<>-]*[\w/]|@?\b[a-z]+[A-Z]\w+\b/g) ?? []).toSorted((a, b) =>
    a.localeCompare(b),
  );

describe("the German texts of kinds", () => {
  it("exist for each title, summary, label, help and setup step", () => {
    const missing = DECLARED.filter(
      ({ place, text }) => !translated(text) && !(place.endsWith(".title") && products.includes(text)),
    );
    expect(missing).toEqual([]);
  });

  it("belong to a text that a kind declares", () => {
    const declared = new Set(DECLARED.map(({ text }) => text));
    expect([...Object.keys(texts), ...products].filter((text) => !declared.has(text))).toEqual([]);
    const declaredPlaces = new Set(DECLARED.map(({ place }) => place));
    expect(Object.keys(places).filter((place) => !declaredPlaces.has(place))).toEqual([]);
  });

  it("each have one translation", () => {
    const keys = [clouds, chat, brokers, sourceBrokers, sources, sourceTables].flatMap((group) => Object.keys(group));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it("keep placeholders, code, URLs and names of settings", () => {
    const changed = Object.entries(texts).filter(
      ([english, german]) => JSON.stringify(keptIn(english)) !== JSON.stringify(keptIn(german)),
    );
    expect(changed).toEqual([]);
  });
});
