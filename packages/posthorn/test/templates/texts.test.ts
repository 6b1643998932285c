/** Each text that a template declares has a German translation in the dashboard. */
import { describe, expect, it } from "vitest";
import { endings, germanTemplateText, translated } from "../../../dashboard/src/i18n/de/templates.ts";
import { CATEGORIES } from "../../src/templates/template.ts";
import { TEMPLATES } from "../../src/templates/templates.ts";

const DECLARED: ReadonlySet<string> = new Set([
  ...Object.values(CATEGORIES),
  ...Object.values(TEMPLATES).flatMap(({ title, summary, needs, setup, fields, examples }) => [
    title,
    summary,
    ...needs,
    ...setup,
    ...Object.values(fields).flatMap(({ label, help }) => [label, help]),
    ...examples.map((example) => example.title),
  ]),
]);

/** Parts that are the same in both languages: code, URLs and names of events. */
const keptIn = (text: string): readonly string[] =>
  (text.match(/`[^`]+`|https?:\/\/\S+|\b[a-z]+(?:[._][a-z_]+)+\b/g) ?? []).toSorted((a, b) => a.localeCompare(b));

describe("the German texts of templates", () => {
  it("exist for each title, summary, requirement, step, label, help and example", () => {
    expect([...DECLARED].filter((text) => germanTemplateText(text) === null)).toEqual([]);
  });

  it("belong to a text that a template declares", () => {
    const whole = new Set(
      [...DECLARED].flatMap((text) => [text, ...Object.keys(endings).map((end) => withoutEnd(text, end))]),
    );
    expect(translated.filter((text) => !whole.has(text))).toEqual([]);
  });

  it("keep code, URLs and names of events", () => {
    const changed = [...DECLARED].filter(
      (text) => JSON.stringify(keptIn(text)) !== JSON.stringify(keptIn(germanTemplateText(text) ?? "")),
    );
    expect(changed).toEqual([]);
  });
});

function withoutEnd(text: string, end: string): string {
  return text.endsWith(end) ? text.slice(0, -end.length) : text;
}
