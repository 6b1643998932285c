/** Words of the pages in the reader's language: from the link (`?lang=de`), else as chosen before, else from the browser. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en.ts";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** In their own words. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

const KEY = "posthorn.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

/** Other catalogues are loaded by those who read them. */
async function load(language: Language): Promise<void> {
  if (language === "en" || i18next.hasResourceBundle(language, "translation")) return;
  const { de } = await import("./de.ts");
  i18next.addResourceBundle(language, "translation", de);
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    // React escapes.
    interpolation: { escapeValue: false },
  });
  await showLanguage(wanted());
}

/** Changes the language, and keeps the choice for the browser. */
export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // A browser that keeps nothing forgets this too.
  }
  await showLanguage(language);
}

/** Changes the language of this page alone. */
export async function showLanguage(language: Language): Promise<void> {
  await load(language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

function wanted(): Language {
  const asked = [new URLSearchParams(location.search).get("lang"), chosen(), ...navigator.languages];
  const known = asked.map((tag) => LANGUAGES.find((name) => name === tag?.slice(0, 2)));
  return known.find((name) => name !== undefined) ?? "en";
}

function chosen(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
