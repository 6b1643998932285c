/** Durations of conditions, such as `15m` or `2h`. */
import { RuleError } from "./problem.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const FORM = /^([1-9]\d{0,8})([smhdw])$/;

/** Shortest and longest duration. */
export const MIN_DURATION_MS = 1000;
export const MAX_DURATION_MS = 366 * 86_400_000;

/** Returns milliseconds; `null` if the text is not a duration within the limits. */
export function parseDuration(text: unknown): number | null {
  if (typeof text !== "string") return null;
  const [, digits, unit] = FORM.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  const ms = Number(digits) * UNITS[unit]!;
  return ms < MIN_DURATION_MS || ms > MAX_DURATION_MS ? null : ms;
}

/** @throws {RuleError} */
export function requireDuration(text: unknown, path: readonly string[]): number {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new RuleError(
    path,
    `A duration is a whole number and a unit, such as "30s", "15m", "2h", "1d" or "1w", from 1s to ${MAX_DURATION_MS / 86_400_000}d.`,
  );
}
