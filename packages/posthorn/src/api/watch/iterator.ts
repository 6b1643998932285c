/** Iterators of lists by name or by number. Opaque to clients. */
import { invalid } from "../../lib/errors.ts";

export function encodeName(name: string | undefined): string | null {
  return name === undefined ? null : Buffer.from(`.${name}`).toString("base64url");
}

export function decodeName(iterator: string | null): string | null {
  if (iterator === null || iterator === "") return null;
  const text = Buffer.from(iterator, "base64url").toString();
  if (!text.startsWith(".") || text.includes("\0")) throw wrong();
  return text.slice(1);
}

export function encodeKey(key: number | undefined): string | null {
  return key === undefined ? null : key.toString(36);
}

export function decodeKey(iterator: string | null): number | null {
  if (iterator === null || iterator === "") return null;
  const key = /^[0-9a-z]{1,11}$/.test(iterator) ? Number.parseInt(iterator, 36) : Number.NaN;
  if (!Number.isSafeInteger(key)) throw wrong();
  return key;
}

function wrong(): Error {
  return invalid(["query", "iterator"], "Not an iterator: pass one from an earlier response, or omit it.");
}
