/** Durations of tests, such as `90s` or `2h`. */
import { parseDuration } from "../conditions/duration.ts";
import { TestingError } from "./errors.ts";

/** Milliseconds, or a whole number with a unit: `30s`, `15m`, `2h`, `1d` or `1w`. */
export type Duration = number | `${number}${"s" | "m" | "h" | "d" | "w"}`;

/** @throws {TestingError} `duration_invalid`. */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parseDuration(duration);
  if (ms !== null && Number.isFinite(ms) && ms >= 0) return ms;
  throw new TestingError(
    "duration_invalid",
    `"${duration}" is not a duration. Pass milliseconds, or a whole number and a unit, such as "30s", "15m", "2h", "1d" or "1w".`,
  );
}
