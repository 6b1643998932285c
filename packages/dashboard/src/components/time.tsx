import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { type Clock, onClock, readClock, type TimeFormat, timeFormat } from "../lib/clock.ts";

const TICK_MS = 10_000;
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

let now = Date.now();
const readers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on the page, so that they change together. */
function subscribe(reader: () => void): () => void {
  readers.add(reader);
  // The clock stops while no component uses it, and would then show a recent time as in the future.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const read of readers) read();
  }, TICK_MS);
  return () => {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export interface TimeProps {
  readonly at: string | null | undefined;
  /** Shows "3 minutes ago" or "in 3 minutes" instead of the date and time. */
  readonly relative?: boolean;
}

/** A time in the zone that the reader chose. Its tooltip has the exact time in UTC. */
export function Time({ at, relative = false }: TimeProps) {
  const { t, i18n } = useTranslation();
  const clock = useSyncExternalStore(onClock, readClock);
  const current = useSyncExternalStore(subscribe, () => now);
  if (at === null || at === undefined) return <span className="muted">{t("time.never")}</span>;
  return (
    <time dateTime={at} title={at} className="numeric">
      {relative ? relativeText(i18n.language, Date.parse(at), current) : timeText(i18n.language, Date.parse(at), clock)}
    </time>
  );
}

/** Date and time in the zone that the reader chose. */
export function timeText(language: string, at: number, clock: Clock): string {
  return timeFormat(language, EXACT, clock).format(at);
}

const EXACT = {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
} as const;

/** Format of dates and times that follows the clock that the reader chooses. */
export function useTimeFormat(options: Intl.DateTimeFormatOptions): TimeFormat {
  const { i18n } = useTranslation();
  const clock = useSyncExternalStore(onClock, readClock);
  return timeFormat(i18n.language, options, clock);
}

function relativeText(language: string, at: number, current: number): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  // The clock ticks every ten seconds, so a time after its last tick is shown as now.
  const distance = at - current > 0 && at - current < TICK_MS ? 0 : at - current;
  const [unit, ms] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? (["second", 1000] as const);
  return format.format(Math.round(distance / ms), unit);
}
