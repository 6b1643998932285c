/** How a provider writes the time of signing. */
export type TimestampUnit = "s" | "ms" | "iso";

/** Milliseconds of a timestamp in the unit named; `NaN` when it is not one. */
export function parseTimestamp(text: string, unit: TimestampUnit = "s"): number {
  if (unit === "iso") {
    // Digits after the milliseconds, as Twitch sends them, are left to each engine by the language.
    return /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, "$1")) : Number.NaN;
  }
  return /^\d{1,15}$/.test(text) ? Number(text) * (unit === "s" ? 1000 : 1) : Number.NaN;
}
