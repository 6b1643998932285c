/** Shortens results so that they fit into the context of a model. */
import { isRawNumber } from "../../lib/exact-json.ts";

/** Maximum number of characters of a result. */
export const MAX_RESULT_CHARACTERS = 48_000;

/** Limits that are tried in turn: characters of a text, and members of an object or list. */
const STEPS = [
  { text: 8000, members: 250 },
  { text: 2000, members: 100 },
  { text: 500, members: 40 },
  { text: 120, members: 15 },
  { text: 60, members: 5 },
] as const;
const MAX_DEPTH = 40;

export interface Bounded {
  readonly value: unknown;
  readonly isShortened: boolean;
}

/** The value with at most {@link MAX_RESULT_CHARACTERS} characters of JSON. Says at each place what it leaves out. */
export function bounded(value: unknown): Bounded {
  if (sizeOf(value) <= MAX_RESULT_CHARACTERS) return { value, isShortened: false };
  for (const limits of STEPS) {
    const shortened = shorten(value, limits, 0);
    if (sizeOf(shortened) <= MAX_RESULT_CHARACTERS) return { value: shortened, isShortened: true };
  }
  return { value: { left_out: `${sizeOf(value)} characters` }, isShortened: true };
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

function shorten(value: unknown, limits: (typeof STEPS)[number], depth: number): unknown {
  if (typeof value === "string") return value.length <= limits.text ? value : cut(value, limits.text);
  if (value === null || typeof value !== "object" || isRawNumber(value)) return value;
  if (depth > MAX_DEPTH) return "… (nested too deeply)";
  const inner = (one: unknown): unknown => shorten(one, limits, depth + 1);
  if (Array.isArray(value)) {
    const kept = value.slice(0, limits.members).map(inner);
    const rest = value.length - kept.length;
    return rest === 0 ? kept : [...kept, `… (${rest} more)`];
  }
  const all = Object.entries(value);
  const kept = all.slice(0, limits.members).map(([name, member]) => [cut(name, limits.text), inner(member)] as const);
  const rest = all.length - kept.length;
  return Object.fromEntries(rest === 0 ? kept : [...kept, ["…", `(${rest} more)`]]);
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  // Not in the middle of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text[most - 1]!) ? most - 1 : most;
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}
