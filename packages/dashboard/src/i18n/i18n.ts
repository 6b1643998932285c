/** Translations. The language comes from the URL (`?lang=de`), the stored choice, the profile of the user, or the browser, in that order. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { basePath, isPortal, portalLanguages } from "../lib/base.ts";
import { SERVER_TEXTS } from "../lib/server-text.ts";
import type { en } from "./en.ts";
import { first } from "./en/first.ts";

/** Languages that are built in. */
export const LANGUAGES = ["en", "de", "fr", "es"] as const;
type BuiltIn = (typeof LANGUAGES)[number];
/** Tag of a language. Operators can add languages of the portal (docs/portal.md). */
export type Language = string;

/** Languages of the dashboard. The others are those of the portal only. */
const DASHBOARD_LANGUAGES: readonly Language[] = ["en", "de"];

/** Languages in which the current page is available. */
export function availableLanguages(): readonly Language[] {
  return isPortal() ? [...new Set([...LANGUAGES, ...portalLanguages().keys()])] : DASHBOARD_LANGUAGES;
}

/** The available language for a tag: the same one, or one of the same language, such as `de` for `de-AT`. */
export function languageFor(tag: string): Language | undefined {
  const here = availableLanguages();
  const wanted = tag.toLowerCase();
  const [base] = wanted.split("-");
  return (
    here.find((one) => one.toLowerCase() === wanted) ??
    here.find((one) => one === base) ??
    here.find((one) => one.toLowerCase().startsWith(`${base}-`))
  );
}

/** Names of the languages, each in its own language. */
const NAMES: Readonly<Record<BuiltIn, string>> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
};

export function languageName(language: Language): string {
  return portalLanguages().get(language) ?? NAMES[builtInLanguage(language)];
}

/** The language, or English if it is not built in: the server writes emails in these. */
export function builtInLanguage(language: Language): BuiltIn {
  return LANGUAGES.find((one) => one === language) ?? "en";
}

const KEY = "posthorn.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

let isWhole = false;

/**
 * Loads the English texts that are not in the first load. Pages other than the overview, and parts that load on demand, wait for them.
 * Returns `null` when there is nothing to load: other languages bring all texts that they need.
 */
export function loadTexts(): Promise<void> | null {
  return isWhole || i18next.language !== "en" ? null : loadRest();
}

async function loadRest(): Promise<void> {
  const { rest } = await import("./en/rest.ts");
  i18next.addResourceBundle("en", "translation", rest, true, true);
  isWhole = true;
}

/** Loads the texts of a language. For English, the texts of {@link loadTexts} may still be missing when the page starts. */
async function load(language: Language): Promise<void> {
  if (loaded.has(language)) return;
  if (language === "en") {
    if (i18next.language !== "en" && !isWhole) await loadRest();
  }
  const translation = await TRANSLATIONS[language]?.();
  if (translation !== undefined) {
    const [texts, server] = translation;
    i18next.addResourceBundle(language, "translation", texts);
    i18next.addResourceBundle(language, SERVER_TEXTS, server);
  }
  if (isPortal() && portalLanguages().has(language)) await loadOwn(language);
  if (language !== "en") loaded.add(language);
}

const loaded = new Set<Language>();

/** Texts of a language that the operator has added or changed. */
interface OwnTexts {
  readonly texts?: object;
  readonly server?: object;
  readonly kinds?: Readonly<Record<string, string>>;
}

/** Namespace of the texts of destinations in languages that the operator has added, by their English text. */
export const KIND_TEXTS = "kinds";

/** Loads a file of the operator. Without it, the texts that are built in are shown. */
async function loadOwn(language: Language): Promise<void> {
  await whole();
  const response = await fetch(`${basePath()}/portal/languages/${language}.json`).catch(() => null);
  if (response?.ok !== true) return;
  const { texts = {}, server = {}, kinds = {} } = (await response.json()) as OwnTexts;
  // What a file has replaces what is built in.
  i18next.addResourceBundle(language, "translation", texts, true, true);
  i18next.addResourceBundle(language, SERVER_TEXTS, server, true, true);
  i18next.addResourceBundle(language, KIND_TEXTS, kinds, false, true);
}

/** Load the texts of a language, and its translations of the server's sentences. */
const TRANSLATIONS: Readonly<Record<string, () => Promise<readonly [object, object]>>> = {
  de: async () => {
    const [{ de }, { server }] = await Promise.all([import("./de.ts"), import("./de/server.ts")]);
    return [de, server];
  },
  fr: async () => {
    const [{ fr }, { server }] = await Promise.all([import("./fr.ts"), import("./fr/server.ts"), whole()]);
    return [fr, server];
  },
  es: async () => {
    const [{ es }, { server }] = await Promise.all([import("./es.ts"), import("./es/server.ts"), whole()]);
    return [es, server];
  },
};

/** Loads all English texts, which stand in for texts that a portal language does not have. */
async function whole(): Promise<void> {
  if (!isWhole) await loadRest();
}

/** @param chosenByUser Language in the profile of the user; `null`: none. */
export async function startI18n(chosenByUser: string | null): Promise<void> {
  // The attribute changes together with the texts.
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: first } },
    // React escapes.
    interpolation: { escapeValue: false },
  });
  await showLanguage(preferredLanguage(chosenByUser));
}

/** Changes the language and stores the choice. */
export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Without storage, the choice is lost on reload.
  }
  await showLanguage(language);
}

/** Changes to the language of a user who has signed in, unless this browser has a choice of its own. */
export async function showLanguageOfUser(chosenByUser: string | null): Promise<void> {
  if (i18next.isInitialized) await showLanguage(preferredLanguage(chosenByUser));
}

/** Changes to the language that the user chose in the profile, which overrides the choice of this browser. */
export async function followProfile(chosenByUser: string | null): Promise<void> {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // See `chooseLanguage`.
  }
  await showLanguage(preferredLanguage(chosenByUser));
}

let requested: Language = "en";

/** Changes the language without storing it. */
export async function showLanguage(language: Language): Promise<void> {
  requested = language;
  await load(language);
  // Another language may have been requested while this one was loaded.
  if (requested === language) await i18next.changeLanguage(language);
}

function preferredLanguage(chosenByUser: string | null): Language {
  const asked = [new URLSearchParams(location.search).get("lang"), chosen(), chosenByUser, ...navigator.languages];
  const known = asked.map((tag) => (tag === null ? undefined : languageFor(tag)));
  return known.find((name) => name !== undefined) ?? "en";
}

function chosen(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
