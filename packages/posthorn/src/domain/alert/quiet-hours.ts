import { invalid } from "../../lib/errors.ts";
import type { QuietHours } from "./rule.ts";

/** Whether a time is within the quiet hours, which may pass midnight. @param at Unix milliseconds. */
export function isQuiet(quiet: QuietHours | null, at: number): boolean {
  if (quiet === null) return false;
  const time = timeIn(quiet.timeZone, at);
  const { from, until } = quiet;
  return from <= until ? time >= from && time < until : time >= from || time < until;
}

/** `HH:MM` in a time zone. */
function timeIn(timeZone: string, at: number): string {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return format.format(at);
}

/** Throws a 422 for a time zone that does not exist, and for quiet hours without a duration. */
export function checkQuietHours(quiet: QuietHours | null): void {
  if (quiet === null) return;
  const path = ["body", "quietHours"];
  try {
    timeIn(quiet.timeZone, 0);
  } catch {
    throw invalid([...path, "timeZone"], `"${quiet.timeZone}" is not a time zone, such as Europe/Berlin or UTC.`);
  }
  if (quiet.from === quiet.until)
    throw invalid([...path, "until"], "Quiet hours must end at another time than they start.");
}
