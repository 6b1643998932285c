/** Keys and values of watches, as commands print them. */
import { onOneLine } from "../output.ts";

/** Watches without a key have one with an empty name. */
export function shownKey(key: string): string {
  return key === "" ? "–" : onOneLine(key);
}

export function shownValue(value: unknown): string {
  return value === null || value === undefined ? "–" : onOneLine(JSON.stringify(value));
}
