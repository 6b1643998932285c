/**
 * Masks payloads and data derived from them, for callers without the permission to read them.
 *
 * A caller with `payloads:masked` sees the structure: names of properties and types of values. Without it, everything is hidden. Names and
 * event types can be data as well, such as an email address as a key, so only those that look like names are shown.
 */
import type { PayloadView } from "./access.ts";

type Masked = Exclude<PayloadView, "full">;

/** Replaces text. */
export const MASK = "***";

/** Deepest level whose structure is shown. */
const MAX_DEPTH = 64;

/**
 * - `json`: a JSON value.
 * - `document`: text that may be JSON, such as a body.
 * - `text`: any other text.
 * - `lines`: a list of texts.
 * - `headers`: a list of names with values.
 * - `schema`: a JSON Schema, or several by name, that was inferred from payloads.
 * - `url`: a URL whose path and query can contain values.
 * - `name`: a name that can come from a payload, such as an event type.
 */
export const PAYLOAD_RULES = ["json", "document", "text", "lines", "headers", "schema", "url", "name"] as const;
export type PayloadRule = (typeof PAYLOAD_RULES)[number];

export function maskPayload(rule: PayloadRule, value: unknown, view: Masked): unknown {
  if (value === null || value === undefined || value === "") return value;
  switch (rule) {
    case "json":
      return view === "masked" ? structureOf(value) : {};
    case "document":
      return typeof value === "string" ? maskDocument(value, view) : MASK;
    case "lines":
      return [];
    case "headers":
      return view === "masked" ? maskHeaders(value) : [];
    case "schema":
      return view === "masked" ? maskSchema(value) : {};
    case "url":
      return typeof value === "string" ? maskUrl(value) : MASK;
    case "name":
      return typeof value === "string" && looksLikeName(value) ? value : MASK;
    case "text":
      return MASK;
  }
}

/**
 * Whether a text looks like a name that a person chose, such as `invoice.paid` or `amount_due`, and not like a value: it is short, consists of
 * letters, digits and separators only, and has few digits.
 */
export function looksLikeName(text: string): boolean {
  return /^[\p{L}_$][\p{L}\d_$.:/-]{0,99}$/u.test(text) && text.replace(/\D/g, "").length <= 3;
}

/** The structure of a JSON value: types in place of scalar values. */
function structureOf(value: unknown, depth = 0): unknown {
  if (value === null) return null;
  if (typeof value !== "object") return `<${typeof value}>`;
  if (depth >= MAX_DEPTH) return MASK;
  if (Array.isArray(value)) return value.map((item) => structureOf(item, depth + 1));
  return withMaskedNames(value, (member) => structureOf(member, depth + 1));
}

/** An object in which property names that do not look like names are replaced with `***1`, `***2` and so on. */
function withMaskedNames(value: object, mask: (member: unknown) => unknown): object {
  let hidden = 0;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [
    looksLikeName(name) ? name : `${MASK}${++hidden}`,
    mask(member),
  ]);
  return Object.fromEntries(members);
}

function maskDocument(text: string, view: Masked): string {
  if (view === "none") return MASK;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? JSON.stringify(structureOf(value)) : MASK;
  } catch {
    return MASK;
  }
}

function maskHeaders(value: unknown): unknown {
  if (!Array.isArray(value)) return [];
  const headers = value as readonly { readonly name: string; readonly value: string | null }[];
  return headers.map(({ name }) => ({ name: looksLikeName(name) ? name : MASK, value: MASK }));
}

/** A schema without the names that look like values. Its other texts are keywords and types, and are kept. */
function maskSchema(value: unknown): unknown {
  if (typeof value === "string")
    return looksLikeName(value) || value.startsWith("https://json-schema.org/") ? value : MASK;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(maskSchema);
  return withMaskedNames(value, maskSchema);
}

/** The URL up to its host. */
function maskUrl(text: string): string {
  const authority = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(text)?.[0];
  if (authority === undefined) return MASK;
  return authority.length === text.length || text === `${authority}/` ? text : `${authority}/${MASK}`;
}
