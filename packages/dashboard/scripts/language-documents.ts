/** The texts of the portal in each built-in language, in the format in which operators add languages (docs/portal.md). */
import * as deKinds from "../src/i18n/de/kinds.ts";
import { server as deServer } from "../src/i18n/de/server.ts";
import { de } from "../src/i18n/de.ts";
import { en } from "../src/i18n/en.ts";
import * as esKinds from "../src/i18n/es/kinds.ts";
import { server as esServer } from "../src/i18n/es/server.ts";
import { es } from "../src/i18n/es.ts";
import * as frKinds from "../src/i18n/fr/kinds.ts";
import { server as frServer } from "../src/i18n/fr/server.ts";
import { fr } from "../src/i18n/fr.ts";

interface Texts {
  readonly [name: string]: string | Texts;
}

interface LanguageDocument {
  readonly name: string;
  readonly texts: Texts;
  /** Sentences of the server, by their code. English ones come from the server. */
  readonly server?: Texts;
  /** Texts of destinations, by the English text. */
  readonly kinds: Readonly<Record<string, string>>;
}

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** The documents by their tag. Those in English and German leave out the texts of the dashboard. */
export function languageDocuments(): ReadonlyMap<string, LanguageDocument> {
  const kindsOf = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.keys(frKinds.texts).map((text) => [text, texts[text] ?? text]));
  return new Map<string, LanguageDocument>([
    ["en", { name: "English", texts: portalPart(en, fr), kinds: kindsOf({}) }],
    [
      "de",
      {
        name: "Deutsch",
        texts: portalPart(de, fr),
        server: portalPart(deServer, frServer),
        kinds: kindsOf(deKinds.texts),
      },
    ],
    ["fr", { name: "Français", texts: fr, server: frServer, kinds: frKinds.texts }],
    ["es", { name: "Español", texts: es, server: esServer, kinds: esKinds.texts }],
  ]);
}

/** The texts that a language of the portal has too, with all plural forms. */
function portalPart(texts: Texts, portal: Texts): Texts {
  const stems = new Set(Object.keys(portal).map((name) => name.replace(PLURAL, "")));
  return Object.fromEntries(
    Object.entries(texts)
      .filter(([name]) => stems.has(name.replace(PLURAL, "")))
      .map(([name, value]) => {
        const inner = portal[name];
        return [name, typeof value === "object" && typeof inner === "object" ? portalPart(value, inner) : value];
      }),
  );
}
