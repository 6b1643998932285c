/** Words of the pages in the reader's language: from the link (`?lang=de`), else from the browser. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { de } from "./de.ts";
import { en } from "./en.ts";

export const LANGUAGES = ["en", "de"] as const;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

export async function startI18n(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, ...navigator.languages].map((tag) => tag?.slice(0, 2));
  const language =
    LANGUAGES.find((name) => name === wanted.find((tag) => LANGUAGES.some((known) => known === tag))) ?? "en";
  document.documentElement.lang = language;
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en }, de: { translation: de } },
    // React escapes.
    interpolation: { escapeValue: false },
  });
}
