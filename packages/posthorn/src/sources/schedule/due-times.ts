/**
 * Due times of a schedule. The cron library sees wall-clock times only; their conversion to instants is here, so that the changes to and from
 * daylight saving time have the same effect with every pattern:
 *
 * - a time that does not exist fires when the gap ends, once, however many times of the pattern are in the gap;
 * - a time that occurs twice fires at the first occurrence;
 * - patterns for every hour (`*` in the field for hours) continue through both hours, because they mean elapsed time.
 */
import { Cron } from "croner";
import { firstChange, isTimeZone, offsetAt } from "./time-zone.ts";

export interface ScheduleConfig {
  readonly cron: string | null;
  readonly timeZone: string;
  readonly everySeconds: number | null;
}

export interface DueTimes {
  /** The first due time after an instant; `null`: there is none. */
  next(after: number): number | null;
}

/** Shortest time between two due times. */
const MIN_GAP_MS = 30_000;
/** Number of pairs of due times that are compared with it when a schedule is saved. */
const COMPARED = 120;
const HOUR_MS = 3_600_000;

/** @throws {Error} If the cron expression is invalid. */
export function dueTimes({ cron, timeZone, everySeconds }: ScheduleConfig): DueTimes {
  if (cron === null) return everyInterval((everySeconds ?? 0) * 1000);
  return new CronTimes(cron, timeZone);
}

/** What is wrong with a schedule; `null`: nothing. */
export function scheduleProblem(
  config: ScheduleConfig,
): { readonly field: "cron" | "timeZone" | "everySeconds"; readonly problem: string } | null {
  const { cron, timeZone, everySeconds } = config;
  if (cron === null && everySeconds === null) {
    return { field: "cron", problem: "Enter a cron expression or an interval." };
  }
  if (cron === null) return null;
  if (everySeconds !== null) {
    return { field: "everySeconds", problem: "Enter either a cron expression or an interval, not both." };
  }
  if (!isTimeZone(timeZone)) {
    return { field: "timeZone", problem: "Unknown time zone. Use an IANA name such as Europe/Berlin." };
  }
  return cronProblem(cron);
}

function cronProblem(cron: string): { readonly field: "cron"; readonly problem: string } | null {
  try {
    // Compared in UTC, where no change of the clock brings two times closer together.
    const times = new CronTimes(cron, "UTC");
    // A leap year, so that 29 February occurs.
    let last = times.next(Date.UTC(2028, 0, 1) - 1);
    if (last === null) return { field: "cron", problem: "This expression never fires." };
    for (let index = 0; index < COMPARED; index++) {
      const next = times.next(last);
      if (next === null) break;
      if (next - last < MIN_GAP_MS) {
        return { field: "cron", problem: "This expression fires more often than every 30 seconds." };
      }
      last = next;
    }
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return { field: "cron", problem: `This is not a cron expression: ${reason}` };
  }
}

function everyInterval(everyMs: number): DueTimes {
  return { next: (after) => after + everyMs };
}

class CronTimes implements DueTimes {
  readonly #cron: Cron;
  readonly #zone: string;
  readonly #isHourly: boolean;

  constructor(pattern: string, zone: string) {
    if (pattern.trim() === "@reboot") throw new Error("@reboot is not a time.");
    // The library gets wall-clock times as if they were in UTC.
    this.#cron = new Cron(pattern, { timezone: "UTC" });
    this.#zone = zone;
    const fields = pattern.trim().split(/\s+/);
    this.#isHourly = pattern.trim() === "@hourly" || fields.at(fields.length === 5 ? 1 : 2)?.startsWith("*") === true;
  }

  next(after: number): number | null {
    const zone = this.#zone;
    let from = after;
    let offset = offsetAt(zone, from);
    // The wall clock after which a time is looked for.
    let wall = Math.max(after + offset, this.#isHourly ? -Infinity : endOfRepetition(zone, after, offset));
    for (;;) {
      const found = this.#cron.nextRun(new Date(wall))?.getTime();
      if (found === undefined) return null;
      const at = found - offset;
      if (offsetAt(zone, at) === offset) return at;
      const change = firstChange(zone, from, at);
      const next = offsetAt(zone, change);
      if (!this.#isHourly && found >= change + offset && found < change + next) return change;
      wall = change + (this.#isHourly ? next : Math.max(offset, next)) - 1;
      from = change;
      offset = next;
    }
  }
}

/** Longest shift of a clock that is recognised as a repetition. */
const MAX_SHIFT_MS = 3 * HOUR_MS;

/** If an instant is in the second pass of a repeated time: the last wall-clock millisecond of it. Otherwise, -Infinity. */
function endOfRepetition(zone: string, at: number, offset: number): number {
  const earlier = offsetAt(zone, at - MAX_SHIFT_MS);
  const shift = earlier - offset;
  if (shift <= 0 || offsetAt(zone, at - shift) !== earlier) return -Infinity;
  return firstChange(zone, at - shift, at) + earlier - 1;
}
