/** Values of samples: how they are compared, and the bounded form in which a key remembers them. */
import { createHash } from "node:crypto";
import type { Difference } from "./types.ts";

/** Longest value that is stored as JSON. For a longer one, a hash and the beginning are stored. */
const MAX_LENGTH = 256;
const PREVIEW_LENGTH = 100;

/** A remembered value. Lists and objects are JSON text, so that a hash cannot be mistaken for a value. */
export type Remembered =
  | { readonly v: string | number | boolean | null }
  | { readonly j: string }
  /** Hash and beginning of a long value. */
  | { readonly h: string; readonly p: string };

export function remember(value: unknown): Remembered {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return { v: value };
  if (typeof value === "string" && value.length <= MAX_LENGTH) return { v: value };
  const json = canonical(value);
  if (json.length <= MAX_LENGTH) return { j: json };
  return { h: createHash("sha256").update(json).digest("base64url"), p: json.slice(0, PREVIEW_LENGTH) };
}

/** The value to show; of a long one, its beginning. */
export function recalled(value: Remembered | undefined): unknown {
  if (value === undefined) return undefined;
  if ("v" in value) return value.v;
  return "j" in value ? (JSON.parse(value.j) as unknown) : `${value.p}…`;
}

export function isSame(a: Remembered, b: Remembered): boolean {
  if ("v" in a) return "v" in b && a.v === b.v;
  if ("j" in a) return "j" in b && a.j === b.j;
  return "h" in b && a.h === b.h;
}

/** JSON with sorted names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** A finite number, or the number in a text; else `null`. */
export function numberIn(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.length > 64 || !DECIMAL.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Whether the difference from `from` reaches `by`. A percentage of zero is reached by any difference. */
export function reaches(difference: number, from: number, { amount, isPercent }: Difference): boolean {
  if (!isPercent) return difference >= amount;
  if (from === 0) return difference > 0;
  return (difference / Math.abs(from)) * 100 >= amount;
}
