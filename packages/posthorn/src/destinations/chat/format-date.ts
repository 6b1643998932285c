/** Formats times in templates. */
import { boundedCache } from "../../lib/bounded-cache.ts";

const formatters = boundedCache<string, Intl.DateTimeFormat>(50);

export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Replaces `YYYY`, `MM`, `DD`, `HH`, `mm` and `ss`. Anything that is not a time is returned unchanged. */
export function formatDate(value: unknown, format: string, zone: string): unknown {
  const time = timeOf(value);
  if (time === null) return value;
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(time)
      .map(({ type, value: text }) => [type, text]),
  );
  const values: Readonly<Record<string, string | undefined>> = {
    YYYY: parts.get("year")?.padStart(4, "0"),
    MM: parts.get("month"),
    DD: parts.get("day"),
    HH: parts.get("hour"),
    mm: parts.get("minute"),
    ss: parts.get("second"),
  };
  return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (word) => values[word] ?? word);
}

/** Smaller numbers are seconds, others are milliseconds. The limit is the year 5138 in seconds, and 1973 in milliseconds. */
const FIRST_MS = 100_000_000_000;
/** Longest time that JavaScript can represent. */
const LAST_MS = 8.64e15;

function timeOf(value: unknown): number | null {
  const number =
    typeof value === "number" ? value : typeof value === "string" && /^\d{9,13}$/.test(value) ? Number(value) : null;
  if (number !== null) {
    const ms = Math.abs(number) < FIRST_MS ? number * 1000 : number;
    return Math.abs(ms) <= LAST_MS ? ms : null;
  }
  if (typeof value !== "string" || value.length > 40 || !/^\d{4}-\d\d/.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  formatters.set(zone, formatter);
  return formatter;
}
