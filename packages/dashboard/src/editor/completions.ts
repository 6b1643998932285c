/** Suggestions of the editor at a position: filter operators, members of the webhook, keywords of JSON Schema. */
import { namesOf } from "../lib/filter-draft.ts";

/** Subject of the text in an editor, in addition to its language. */
export type EditorSubject = "filter" | "transformation" | "schema";

export interface Suggestion {
  readonly label: string;
  /** Key of its explanation in the texts. */
  readonly about?: string;
}

/** Operators with a text in `editor.operators`, in the order of the documentation. */
export const OPERATORS = [
  "eq",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
  "in",
  "nin",
  "startsWith",
  "endsWith",
  "exists",
  "regex",
  "any",
  "every",
  "none",
  "size",
  "and",
  "or",
  "not",
] as const;
const GROUPS: ReadonlySet<string> = new Set(["and", "or", "not"]);

/** Members of the argument of a transformation, with a text in `editor.webhook`. */
export const WEBHOOK_MEMBERS = [
  "payload",
  "headers",
  "method",
  "url",
  "cancel",
  "variables",
  "id",
  "eventType",
  "eventId",
  "channels",
  "tags",
  "time",
  "request",
] as const;

const SCHEMA_KEYWORDS = [
  "$defs",
  "$ref",
  "additionalProperties",
  "allOf",
  "anyOf",
  "const",
  "default",
  "description",
  "enum",
  "examples",
  "format",
  "items",
  "maxItems",
  "maxLength",
  "maximum",
  "minItems",
  "minLength",
  "minimum",
  "not",
  "oneOf",
  "pattern",
  "properties",
  "required",
  "title",
  "type",
  "uniqueItems",
];
const SCHEMA_TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];
/** Keywords whose members have names that the author chooses. */
const SCHEMA_MAPS: ReadonlySet<string> = new Set(["properties", "$defs", "patternProperties"]);

/** Names that can follow in a filter inside these members. `paths` are those in recent messages, such as `body.status`. */
export function filterNames(inside: readonly string[], paths: readonly string[]): readonly Suggestion[] {
  const path = inside.filter((name) => !name.startsWith("$") || name.startsWith("$$"));
  const operators = OPERATORS.filter((name) => path.length > 0 || GROUPS.has(name));
  return [
    ...nextNames(path, paths).map((label) => ({ label })),
    ...operators.map((name) => ({ label: `$${name}`, about: `editor.operators.${name}` })),
  ];
}

/** Members of the payload inside these, for code: only names that can follow a dot. */
export function payloadNames(inside: readonly string[], paths: readonly string[]): readonly Suggestion[] {
  const names = nextNames(["body", ...inside], paths);
  return names.filter((name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)).map((label) => ({ label }));
}

/** Names that can follow in a JSON Schema inside these members. */
export function schemaNames(inside: readonly string[]): readonly Suggestion[] {
  const isMap = SCHEMA_MAPS.has(inside.at(-1) ?? "") && !SCHEMA_MAPS.has(inside.at(-2) ?? "");
  return isMap ? [] : SCHEMA_KEYWORDS.map((label) => ({ label }));
}

/** Values that a member can have, as JSON. */
export function valuesOf(subject: EditorSubject | null, name: string | undefined): readonly string[] {
  if (subject === "schema" && name === "type") return SCHEMA_TYPES.map((type) => JSON.stringify(type));
  const isFlag = subject === "filter" ? name === "$exists" : subject === "schema" && name === "additionalProperties";
  return isFlag ? ["true", "false"] : [];
}

function nextNames(path: readonly string[], paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const text of paths) {
    const names = namesOf(text);
    const next = names?.[path.length];
    if (names === null || next === undefined) continue;
    if (path.every((name, index) => names[index] === name)) found.add(next);
  }
  return [...found];
}
