/**
 * Each text that a kind of destinations or sources declares has a German translation in the dashboard and the portal. Customers see kinds of
 * destinations in the portal, so these have French and Spanish ones too.
 */
import { describe, expect, it } from "vitest";
import { brokers } from "../../dashboard/src/i18n/de/kinds/brokers.ts";
import { chat } from "../../dashboard/src/i18n/de/kinds/chat.ts";
import { clouds } from "../../dashboard/src/i18n/de/kinds/clouds.ts";
import { sourceBrokers } from "../../dashboard/src/i18n/de/kinds/source-brokers.ts";
import { sourceTables } from "../../dashboard/src/i18n/de/kinds/source-tables.ts";
import { sources } from "../../dashboard/src/i18n/de/kinds/sources.ts";
import * as german from "../../dashboard/src/i18n/de/kinds.ts";
import { brokers as esBrokers } from "../../dashboard/src/i18n/es/kinds/brokers.ts";
import { chat as esChat } from "../../dashboard/src/i18n/es/kinds/chat.ts";
import { clouds as esClouds } from "../../dashboard/src/i18n/es/kinds/clouds.ts";
import * as spanish from "../../dashboard/src/i18n/es/kinds.ts";
import { brokers as frBrokers } from "../../dashboard/src/i18n/fr/kinds/brokers.ts";
import { chat as frChat } from "../../dashboard/src/i18n/fr/kinds/chat.ts";
import { clouds as frClouds } from "../../dashboard/src/i18n/fr/kinds/clouds.ts";
import * as french from "../../dashboard/src/i18n/fr/kinds.ts";
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

const DESTINATIONS = Object.entries(DESTINATION_KINDS).flatMap(([name, kind]) => declarationOf(name, kind));
const SOURCES = Object.entries(SOURCE_KINDS).flatMap(([name, kind]) => declarationOf(name, kind));

/** Values that are the same in all languages: placeholders, code and URLs. */
const keptIn = (text: string): readonly string[] =>
  (text.match(/\{\{?\w+\}?\}|`[^`]+`|https?:\/\/[\w./<>-]*[\w/]|@?\b[a-z]+[A-Z]\w+\b/g) ?? []).toSorted((a, b) =>
    a.localeCompare(b),
  );

const LANGUAGES = [
  ["German", german, [clouds, chat, brokers, sourceBrokers, sources, sourceTables], [...DESTINATIONS, ...SOURCES]],
  ["French", french, [frClouds, frChat, frBrokers], DESTINATIONS],
  ["Spanish", spanish, [esClouds, esChat, esBrokers], DESTINATIONS],
] as const;

describe.each(LANGUAGES)("the %s texts of kinds", (_, { places, products, texts }, groups, shown) => {
  it("exist for each title, summary, label, help and setup step", () => {
    const missing = shown.filter(
      ({ place, text }) => !Object.hasOwn(texts, text) && !(place.endsWith(".title") && products.includes(text)),
    );
    expect(missing).toEqual([]);
  });

  it("belong to a text that a kind declares", () => {
    const declared = new Set(shown.map(({ text }) => text));
    expect(Object.keys(texts).filter((text) => !declared.has(text))).toEqual([]);
    const declaredPlaces = new Set(shown.map(({ place }) => place));
    expect(Object.keys(places).filter((place) => !declaredPlaces.has(place))).toEqual([]);
  });

  it("each have one translation", () => {
    const keys = groups.flatMap((group) => Object.keys(group));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it("keep placeholders, code, URLs and names of settings", () => {
    const changed = Object.entries(texts).filter(
      ([english, translated]) => JSON.stringify(keptIn(english)) !== JSON.stringify(keptIn(translated)),
    );
    expect(changed).toEqual([]);
  });
});

it("the titles of products are those that a kind declares", () => {
  const declared = new Set([...DESTINATIONS, ...SOURCES].map(({ text }) => text));
  expect(german.products.filter((title) => !declared.has(title))).toEqual([]);
});

it("French texts have no line break before a punctuation mark that a space precedes, and inside of quotation marks", () => {
  expect(Object.values(french.texts).filter((text) => / [:;?!»]|« /.test(text))).toEqual([]);
});

/** These kinds connect to Posthorn on the customer's side. */
const NAMED = new Set(["posthorn", "relay", "mcpEvents"]);

it("destinations do not name Posthorn, because customers see them in the portal", () => {
  const named = DESTINATIONS.filter(({ place, text }) => !NAMED.has(place.split(".")[0]!) && /posthorn/i.test(text));
  expect(named).toEqual([]);
});
