/**
 * Fields of prepared events that were compared with what their providers publish. `published-fields.json` names the type or page, and the day. A
 * field that is added to one of these events, or renamed, fails until it is compared as well. `trigger-types.test.ts` compares further providers
 * with the types of installed packages.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allEvents } from "./index.ts";
import { Values } from "./values.ts";

interface Compared {
  /** Public type with its package, or page. */
  readonly source: string;
  /** Day of the comparison. */
  readonly checked: string;
  /** The part of the body that it describes. Default: all of it. */
  readonly part?: string;
  readonly fields: readonly string[];
}

const COMPARED = JSON.parse(readFileSync(new URL("published-fields.json", import.meta.url), "utf8")) as Readonly<
  Record<string, Compared>
>;

function* fieldsOf(value: unknown, at = ""): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* fieldsOf(item, `${at}[]`);
  else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const path = at === "" ? name : `${at}.${name}`;
      yield path;
      yield* fieldsOf(item, path);
    }
  }
}

const isIn = (part: string, field: string): boolean =>
  part === "" || field.startsWith(`${part}.`) || field.startsWith(`${part}[]`);

const all = await allEvents();

it.each(Object.keys(COMPARED))("%s has the fields that were compared with its documentation, and no others", (name) => {
  const { source, checked, part = "", fields } = COMPARED[name]!;
  expect(source).toMatch(/^npm \S+ \d|^https:\/\//);
  expect(checked).toMatch(/^\d{4}-\d\d-\d\d$/);
  const prepared = Object.values(all[name]!).flatMap((make) => [
    ...fieldsOf(make(new Values(new Date("2026-02-03T04:05:06Z"))).body),
  ]);
  expect(
    [...new Set(prepared.filter((field) => isIn(part, field)))].toSorted((one, other) => (one < other ? -1 : 1)),
  ).toEqual(fields);
});
