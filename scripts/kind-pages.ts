/** Parts of the pages on kinds of destinations and sources, which are written from their declarations. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Field } from "../packages/posthorn/src/fields/field.ts";
import { formatted } from "./formatted.ts";

export function fileOfKind(name: string): string {
  return `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`;
}

/** The fields of a configuration. */
export function fieldTable(entries: readonly (readonly [string, Field])[]): string {
  const hasTarget = entries.some(([, { isTarget }]) => isTarget === true);
  const again = hasTarget ? " When a field marked as target changes, all secrets must be entered again." : "";
  return `| Field | Type | | Description |
| --- | --- | --- | --- |
${entries.map(([field, declared]) => row(field, declared)).join("\n")}

Secrets are stored encrypted and never returned.${again}`;
}

function row(name: string, field: Field): string {
  const marks = [
    field.required ? "required" : "",
    field.secret ? "secret" : "",
    field.isTarget === true ? "target" : "",
  ].filter((mark) => mark !== "");
  const preset = field.default === undefined ? "" : ` Default: \`${String(field.default)}\`.`;
  const type = field.type === "choice" ? field.choices.map((choice) => `\`${choice}\``).join(", ") : field.type;
  const example = field.example === undefined ? "" : ` Example: \`${field.example.replaceAll("\n", " ⏎ ")}\``;
  return `| \`${name}\` | ${type} | ${marks.join(", ")} | ${cell(field.help)}${preset}${cell(example)} |`;
}

/** Text of a cell, with vertical bars escaped. */
export function cell(text: string): string {
  return prose(text).replaceAll("|", "\\|");
}

/** \`<token>\` would be an element. */
export function prose(text: string): string {
  return text.replaceAll(/<(\w+)>/g, "&lt;$1&gt;");
}

/** Writes pages to a folder. With `--check` it writes nothing and fails when one is stale. Pages without the note are written by hand. */
export async function writePages(folder: string, note: string, pages: ReadonlyMap<string, string>): Promise<void> {
  const isCheck = process.argv.includes("--check");
  const made = new Map<string, string>();
  for (const [path, text] of pages) made.set(path, await formatted(path, text));
  mkdirSync(folder, { recursive: true });
  const stale = [...made].filter(([path, text]) => readIfThere(path) !== text).map(([path]) => path);
  const extra = readdirSync(folder)
    .map((file) => `${folder}/${file}`)
    .filter((path) => !made.has(path) && readFileSync(path, "utf8").includes(note));
  if (isCheck && stale.length + extra.length > 0) {
    console.error(`Not current; run "npm run generate:docs": ${[...stale, ...extra].join(", ")}`);
    process.exitCode = 1;
  }
  if (isCheck) return;
  for (const path of stale) writeFileSync(path, made.get(path)!);
  for (const path of extra) rmSync(path);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Placeholders for readers to replace: the text of a key file, or a secret. */
const KEY_FILE = "…";
const SECRET = "SECRET";

/**
 * Values for the required fields of a form, and for secrets and names that most readers need.
 *
 * @param alsoNeeded Optional fields of which the server requires one.
 */
export function exampleConfig(
  entries: readonly (readonly [string, Field])[],
  alsoNeeded: readonly string[] = [],
): Readonly<Record<string, string>> {
  const shown = entries.filter(
    ([name, field]) => (field.required && field.default === undefined) || alsoNeeded.includes(name),
  );
  return Object.fromEntries(shown.map(([name, field]) => [name, field.example ?? placeholderOf(name, field)]));
}

function placeholderOf(name: string, { secret }: Field): string {
  if (name === "credentials") return KEY_FILE;
  return secret ? SECRET : "posthorn";
}

/** The mark of a block with this body: it runs unless it needs a file that a provider issues. */
export function markOf(body: string): string {
  return body.includes(KEY_FILE) ? "skip=needs-a-key-file" : "run";
}
