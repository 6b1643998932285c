/** Conversion between instants and the wall clock of a time zone. Instants are Unix milliseconds. */

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Whether this is the name of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds that the wall clock is ahead of UTC at an instant. */
export function offsetAt(zone: string, at: number): number {
  if (zone === "UTC") return 0;
  const second = Math.floor(at / 1000) * 1000;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(second)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second: seconds } = parts;
  return Date.UTC(year!, month! - 1, day, hour, minute, seconds) - second;
}

/**
 * Instant of a wall-clock time, given as if it were in UTC. If the time is repeated, the first instant; if it is
 * skipped, one next to the gap.
 */
export function instantAt(zone: string, wall: number): number {
  const guess = wall - offsetAt(zone, wall - offsetAt(zone, wall));
  const earlier = wall - offsetAt(zone, guess - 3_600_000);
  return earlier < guess && earlier + offsetAt(zone, earlier) === wall ? earlier : guess;
}

/** First instant in the range (from, to] at which the offset is not that of `from`. The offset at `to` must differ. */
export function firstChange(zone: string, from: number, to: number): number {
  const offset = offsetAt(zone, from);
  let [before, after] = [from, to];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(zone, middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

/** The wall clock at an instant: `2026-03-29T03:00:00+02:00`. */
export function localText(zone: string, at: number): string {
  const offset = offsetAt(zone, at);
  const minutes = Math.abs(offset) / 60_000;
  const clock = [Math.floor(minutes / 60), Math.floor(minutes % 60)].map((part) => String(part).padStart(2, "0"));
  return `${new Date(at + offset).toISOString().slice(0, 19)}${offset < 0 ? "-" : "+"}${clock.join(":")}`;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  // There are about 600 names.
  FORMATS.set(zone, format);
  return format;
}
