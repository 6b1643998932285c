/** How times are shown: in the zone of the browser or in UTC, and with 12 or 24 hours. Kept in this browser. */
import { regional } from "./format.ts";

const KEY = "posthorn.clock";

/** `region`: as usual in the language and region of the browser. */
export const CLOCKS = ["region", "24h", "utc"] as const;
export type Clock = (typeof CLOCKS)[number];

const listeners = new Set<() => void>();
let current = load();

export function readClock(): Clock {
  return current;
}

export function chooseClock(clock: Clock): void {
  current = clock;
  try {
    if (clock === "region") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, clock);
  } catch {
    // Without storage, the choice is lost on reload.
  }
  for (const listener of listeners) listener();
}

/** For `useSyncExternalStore`. */
export function onClock(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Options of a date format for a choice.
 *
 * @example
 *
 * ```ts
 * new Intl.DateTimeFormat("en-US", { timeStyle: "short", ...clockOptions("utc") }).format(0); // "00:00"
 * ```
 */
export function clockOptions(clock: Clock): Intl.DateTimeFormatOptions {
  if (clock === "region") return {};
  return { hourCycle: "h23", ...(clock === "utc" ? { timeZone: "UTC" } : {}) };
}

/** Formats dates and times. */
export type TimeFormat = Pick<Intl.DateTimeFormat, "format">;

/** Format of dates and times in the language of the page, with the clock that the reader chose. */
export function timeFormat(language: string, options: Intl.DateTimeFormatOptions, clock = readClock()): TimeFormat {
  const format = new Intl.DateTimeFormat(regional(language), { ...options, ...clockOptions(clock) });
  return format.resolvedOptions().hourCycle === "h23" ? twoDigitHours(format) : format;
}

/** With a leading zero, which the formats of some languages omit on a 24-hour clock: "1:44" in Spanish, where a table also has "13:44". */
function twoDigitHours(own: Intl.DateTimeFormat): TimeFormat {
  return {
    format: (date) =>
      own
        .formatToParts(date)
        .map(({ type, value }) => (type === "hour" && /^\d$/.test(value) ? `0${value}` : value))
        .join(""),
  };
}

function load(): Clock {
  try {
    return CLOCKS.find((clock) => clock === localStorage.getItem(KEY)) ?? "region";
  } catch {
    return "region";
  }
}
