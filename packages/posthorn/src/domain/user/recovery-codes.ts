/** Recovery codes: each replaces a one-time code once. They are random, so a fast hash is enough. */
import { createHash, randomInt } from "node:crypto";

const CODES = 10;
const LENGTH = 10;
/** Without characters that look alike. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

export interface RecoveryCodes {
  /** Shown once, such as `k7xq2-m9fdp`. */
  readonly codes: readonly string[];
  /** Hashes as JSON, for the database. */
  readonly json: string;
}

export function newRecoveryCodes(): RecoveryCodes {
  const codes = Array.from({ length: CODES }, () => {
    const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]!).join("");
    return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
  });
  return { codes, json: JSON.stringify(codes.map(hashOf)) };
}

/** Removes a code. Returns the rest as JSON, or `null` if there is no such code. */
export function useRecoveryCode(json: string | null, code: string): string | null {
  const hashes = hashesOf(json);
  const hash = hashOf(code);
  return hashes.includes(hash) ? JSON.stringify(hashes.filter((one) => one !== hash)) : null;
}

/** Number of codes that are left. */
export function recoveryCodesLeft(json: string | null): number {
  return hashesOf(json).length;
}

function hashesOf(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[]);
}

function hashOf(code: string): string {
  const letters = code.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return createHash("sha256").update(letters).digest("base64url");
}
