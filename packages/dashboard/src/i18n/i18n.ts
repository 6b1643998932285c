/** Translations. The language comes from the URL (`?lang=de`), the stored choice, the profile of the user, or the browser, in that order. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { isPortal } from "../lib/base.ts";
import { SERVER_TEXTS } from "../lib/server-text.ts";
import type { en } from "./en.ts";
import { first } from "./en/first.ts";

export const LANGUAGES = ["en", "de", "fr", "es"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Languages of the dashboard. The others are those of the portal only. */
const DASHBOARD_LANGUAGES: readonly Language[] = ["en", "de"];

/** Languages in which the current page is available. */
export function availableLanguages(): readonly Language[] {
  return isPortal() ? LANGUAGES : DASHBOARD_LANGUAGES;
}

/** Names of the languages, each in its own language. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
};

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
  if (language === "en") {
    if (i18next.language !== "en" && !isWhole) await loadRest();
    return;
  }
  if (i18next.hasResourceBundle(language, "translation")) return;
  const [texts, server] = await TRANSLATIONS[language]();
  i18next.addResourceBundle(language, "translation", texts);
  i18next.addResourceBundle(language, SERVER_TEXTS, server);
}

/** Load the texts of a language, and its translations of the server's sentences. */
const TRANSLATIONS: Readonly<Record<Exclude<Language, "en">, () => Promise<readonly [object, object]>>> = {
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
  const here = availableLanguages();
  const known = asked.map((tag) => here.find((name) => name === tag?.slice(0, 2)));
  return known.find((name) => name !== undefined) ?? "en";
}

function chosen(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
