/** Languages of the portal that the operator adds as files: one JSON document for each, named after its tag. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PosthornError } from "../lib/errors.ts";

export interface PortalLanguage {
  /** Language tag, such as `it` or `pt-BR`. */
  readonly tag: string;
  /** Name of the language, in the language itself. */
  readonly name: string;
  /** Texts by their dotted key. */
  readonly texts: ReadonlyMap<string, string>;
  /** The document as it is. */
  readonly content: string;
}

const TAG = /^[a-z]{2,3}(-[A-Z]{2}|-[A-Z][a-z]{3})?$/;
/** Parts of a document that contain texts. */
const PARTS = ["texts", "server", "kinds"] as const;
const PLURAL = /_(zero|one|two|few|many|other)$/;

/**
 * Reads the documents of a folder.
 *
 * @param folder Empty: there are none.
 * @throws {PosthornError} When the folder or a document cannot be used.
 */
export function readPortalLanguages(folder: string): readonly PortalLanguage[] {
  if (folder === "") return [];
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    return files
      .toSorted()
      .map((file) => languageOf(basename(file, ".json"), readFileSync(join(folder, file), "utf8")));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PosthornError("config_invalid", `POSTHORN_PORTAL_LANGUAGES cannot be used: ${reason}.`, { cause });
  }
}

function languageOf(tag: string, content: string): PortalLanguage {
  const fault = (problem: string): Error => new Error(`${tag}.json ${problem}`);
  if (!TAG.test(tag)) throw fault("is not named after a language tag such as it or pt-BR");
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    throw fault(`is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(document)) throw fault("is not a JSON object");
  const { name } = document;
  if (typeof name !== "string" || name.trim() === "") throw fault("has no `name`, such as Italiano");
  for (const part of PARTS) {
    const wrong = leavesOf(document[part] ?? {}).find(([, text]) => typeof text !== "string");
    if (wrong !== undefined) throw fault(`has something other than a text at ${part}.${wrong[0]}`);
  }
  return { tag, name: name.trim(), texts: textsOf(document), content };
}

/** Texts of a document by their dotted key. */
export function textsOf(document: object): ReadonlyMap<string, string> {
  return new Map(leavesOf((document as { readonly texts?: unknown }).texts ?? {}) as [string, string][]);
}

export interface LanguageGaps {
  /** Texts of the portal that the language does not have; customers see them in English. */
  readonly missing: number;
  /** Keys that the portal does not have, such as those of an earlier version. */
  readonly unknown: readonly string[];
}

/** Compares a language with the English texts of the portal. */
export function gapsOf({ texts }: Pick<PortalLanguage, "texts">, english: ReadonlyMap<string, string>): LanguageGaps {
  // Languages have plural forms that English does not have.
  const stemOf = (key: string): string => key.replace(PLURAL, "");
  const stemsOf = (of: ReadonlyMap<string, string>): ReadonlySet<string> => new Set([...of.keys()].map(stemOf));
  const [own, known] = [stemsOf(texts), stemsOf(english)];
  return {
    missing: [...known].filter((key) => !own.has(key)).length,
    unknown: [...own].filter((key) => !known.has(key)),
  };
}

function leavesOf(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (!isObject(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, path === "" ? name : `${path}.${name}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
