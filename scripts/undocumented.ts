/** Finds gaps in the doc comments of a public API. */
import type { ApiExport, Doc } from "./public-api.ts";

/** Members that need no description beyond their name and type. */
const OBVIOUS = new Set(["kind", "ok", "message", "[Symbol.asyncDispose]"]);

/** One sentence per gap, with the location of the declaration. */
export function undocumented(exports: readonly ApiExport[]): readonly string[] {
  return exports.flatMap((one) => {
    const at = `${one.entry} ${one.name} (${one.place})`;
    return [
      ...(isSentence(one.doc) ? [] : [`${at} has no doc comment that starts with a sentence`]),
      ...(needsExample(one) && !hasExample(one.doc) ? [`${at} has no @example with a ts code block`] : []),
      ...one.parameters
        .filter((name) => !one.doc.tags.some((tag) => tag.name === "param" && new RegExp(`^${name}\\b`).test(tag.text)))
        .map((name) => `${at} has no @param for ${name}`),
      ...one.members
        .filter(({ name, doc }) => !OBVIOUS.has(name) && !isSentence(doc))
        .map(({ name }) => `${at} does not describe its member ${name}`),
    ];
  });
}

function needsExample({ kind }: ApiExport): boolean {
  return kind === "function" || kind === "class";
}

function hasExample({ tags }: Doc): boolean {
  return tags.some(({ name, text }) => name === "example" && text.includes("```ts\n"));
}

function isSentence({ text }: Doc): boolean {
  return /[a-z].*[.:]/s.test(text);
}
