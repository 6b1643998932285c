import { describe, expect, it } from "vitest";
import type { DestinationKind } from "./destination-config.ts";
import { type KindTexts, localKind, textParts } from "./kind-texts.ts";

const KIND = {
  kind: "sms",
  title: "SMS",
  summary: "Sends texts.",
  setup: ["Buy a number.", "Enter it."],
  fields: [{ name: "to", label: "To", help: "A number." }],
} as unknown as DestinationKind;

const GERMAN: KindTexts = {
  products: ["SMS"],
  texts: { "Sends texts.": "Sendet Texte.", "Buy a number.": "Kaufen Sie eine Nummer.", To: "An", constructor: "x" },
  places: { "sms.to.label": "Empfänger" },
};

describe("the texts of a kind", () => {
  it("are those of the declaration on an English page", () => {
    const { title, summary, fields } = localKind(KIND, null);
    expect({ title, summary, label: fields[0]!.label }).toEqual({
      title: "SMS",
      summary: { text: "Sends texts.", isEnglish: false },
      label: "To",
    });
  });

  it("are translated, and marked as English where there is no translation", () => {
    const { summary, setup, fields } = localKind(KIND, GERMAN);
    expect(summary).toEqual({ text: "Sendet Texte.", isEnglish: false });
    expect(setup).toEqual([
      { text: "Kaufen Sie eine Nummer.", isEnglish: false },
      { text: "Enter it.", isEnglish: true },
    ]);
    expect(fields[0]).toMatchObject({ label: "Empfänger", help: { text: "A number.", isEnglish: true } });
  });

  it("consist of plain text, code and English names", () => {
    expect(textParts("Wählen Sie *Add key*, und senden Sie `GET /a*b*`.")).toEqual([
      { kind: "text", text: "Wählen Sie " },
      { kind: "english", text: "Add key" },
      { kind: "text", text: ", und senden Sie " },
      { kind: "code", text: "GET /a*b*" },
      { kind: "text", text: "." },
    ]);
    expect(textParts("2 * 3 * 4")).toEqual([{ kind: "text", text: "2 * 3 * 4" }]);
  });
});
