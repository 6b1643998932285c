import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { de } from "../i18n/de.ts";
import { en } from "../i18n/en.ts";
import type { WatchRule } from "./watch-draft.ts";
import { durationText, ruleSummary } from "./watch-summary.ts";

const i18n = i18next.createInstance();
beforeAll(() =>
  i18n.init({
    lng: "en",
    resources: { en: { translation: en }, de: { translation: de } },
    interpolation: { escapeValue: false },
  }),
);

const RULES: readonly (readonly [rule: WatchRule, english: string, german: string])[] = [
  [
    { read: { value: "$.temperature", key: "$.device" }, when: { above: 30 }, for: "5m" },
    "Raised when temperature is above 30 for 5 minutes, per device.",
    "Ausgelöst, wenn temperature über 30 liegt, mindestens 5 Minuten lang, je device.",
  ],
  [
    { read: { value: "$.qty" }, when: { below: 5 }, until: { above: 9 }, hold: "1h", remind: "1d" },
    "Raised when qty is below 5. Cleared when qty is above 9 for 1 hour. Reminds again after 1 day.",
    "Ausgelöst, wenn qty unter 5 liegt. Beendet, wenn qty über 9 liegt, mindestens 1 Stunde lang. Erinnerungsabstand: 1 Tag.",
  ],
  [
    { read: { value: "status" }, when: { not: { is: [200, 204] } }, times: 2 },
    "Raised when status is not 200 or 204 in 2 samples in a row.",
    "Ausgelöst, wenn status nicht gleich 200 oder 204 ist (bei 2 Messwerten in Folge).",
  ],
  [
    { when: { all: [{ changed: { by: "5%" } }, { any: [{ above: 1 }, { silent: "15m" }] }] } },
    "Reports each time the value changes by 5\u00a0% or more and (the value is above 1 or there is no sample for 15 minutes).",
    "Meldet jedes Mal, wenn sich der Wert um 5\u00a0% oder mehr ändert und (der Wert über 1 liegt oder 15 Minuten lang kein Messwert kommt).",
  ],
  [
    { when: { avg: { over: "1h", between: [1, 2.5] } } },
    "Raised when the average of the value over 1 hour is between 1 and 2.5.",
    "Ausgelöst, wenn der Durchschnitt (der Wert, 1 Stunde) zwischen 1 und 2,5 liegt.",
  ],
];

describe("a rule in words", () => {
  it.each(RULES)("%j", (rule, english, german) => {
    const texts = ["en", "de"].map((language) => {
      void i18n.changeLanguage(language);
      return ruleSummary(i18n, rule);
    });
    expect(texts).toEqual([english, german]);
  });

  it("leaves an invalid duration unchanged", () => {
    expect(durationText("en", "soon")).toBe("soon");
    expect(durationText("de", "2w")).toBe("2 Wochen");
  });
});
