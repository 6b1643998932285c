/** Masks parts of a message before it is shown behind a shared link. */
import { type JsonPath, JsonPathError, compilePath } from "../../lib/json-path.ts";
import { pathBeyond } from "../../lib/json-depth.ts";
import { invalid } from "../../lib/errors.ts";

/** What a shared link hides. */
export interface Redaction {
  /** Hides bodies as a whole. */
  readonly hideBodies: boolean;
  /** Names of headers with hidden values, in lower case; `*`: all. */
  readonly headers: readonly string[];
  /** JSON paths of values in bodies that are hidden. */
  readonly fields: readonly string[];
}

export const MASK = "[redacted]";

export function checkRedaction({ hideBodies, headers, fields }: Redaction): Redaction {
  for (const field of fields) {
    try {
      compilePath(field);
    } catch (error) {
      if (error instanceof JsonPathError) throw invalid(["body", "redact", "fields"], error.message);
      throw error;
    }
  }
  return { hideBodies, headers: headers.map((name) => name.toLowerCase()), fields };
}

export interface ShownBody {
  readonly kind: "text" | "binary" | "hidden" | "missing";
  readonly text: string;
  readonly bytes: number;
}

const MAX_TEXT = 256 * 1024;

/**
 * Returns a body with the fields masked. If fields must be masked in a body that is not JSON, the whole body is hidden, because their position
 * is unknown.
 */
export function redactBody(bytes: Uint8Array | null, redaction: Redaction): ShownBody {
  if (bytes === null) return { kind: "missing", text: "", bytes: 0 };
  const size = bytes.byteLength;
  const hidden = { kind: "hidden", text: MASK, bytes: size } as const;
  if (redaction.hideBodies) return hidden;
  const text = decode(bytes);
  if (redaction.fields.length === 0) {
    if (text === null) return { kind: "binary", text: "", bytes: size };
    return { kind: "text", text: cut(text), bytes: size };
  }
  const json = text === null ? null : parse(text);
  if (json === null) return hidden;
  let value = json.value;
  try {
    for (const field of redaction.fields) value = masked(value, compilePath(field));
  } catch (error) {
    if (error instanceof JsonPathError) return hidden;
    throw error;
  }
  return { kind: "text", text: cut(JSON.stringify(value, null, 2)), bytes: size };
}

export function redactHeader(name: string, value: string | null, { headers }: Redaction): string {
  if (value === null) return MASK;
  return headers.includes("*") || headers.includes(name.toLowerCase()) ? MASK : value;
}

function masked(value: unknown, path: JsonPath): unknown {
  for (const location of path.locations(value)) {
    const last = location.at(-1);
    if (last === undefined) return MASK;
    let parent = value as Record<string | number, unknown>;
    let isThere = true;
    for (const step of location.slice(0, -1)) {
      const next = parent[step];
      // An earlier location of the same path contains this one, and is masked already.
      isThere = typeof next === "object" && next !== null;
      if (!isThere) break;
      parent = next as Record<string | number, unknown>;
    }
    if (isThere) parent[last] = MASK;
  }
  return value;
}

function decode(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function parse(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return pathBeyond(value) === null ? { value } : null;
  } catch {
    return null;
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
