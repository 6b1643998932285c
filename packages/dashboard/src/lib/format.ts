/** Formats numbers, sizes and durations in the language of the page. */

/** The page's language with the reader's region: British and American browsers format times differently. */
export function regional(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language;
}

export function formatNumber(language: string, value: number, digits = 0): string {
  return new Intl.NumberFormat(regional(language), { maximumFractionDigits: digits }).format(value);
}

/** A share from 0 to 100, such as 99.4% in English and 99,4 % in German. */
export function formatPercent(language: string, percent: number, digits = 0): string {
  const format = { style: "percent", maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(regional(language), format).format(percent / 100);
}

/** A compact number, such as 12.4k. */
export function formatCompact(language: string, value: number): string {
  return new Intl.NumberFormat(regional(language), { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A size with binary multiples: 252 B, 1.5 MB. */
export function formatBytes(language: string, bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${formatNumber(language, bytes / 1024 ** power, power === 0 ? 0 : 1)}\u00a0${BYTE_UNITS[power]!}`;
}

/** A duration in the largest unit that fits: 12 ms, 1.4 s, 3 min, 2.5 h, 4 days. */
export function formatDuration(language: string, ms: number): string {
  const symbol = (value: number, digits: number, unit: string): string =>
    `${formatNumber(language, value, digits)}\u00a0${unit}`;
  if (ms < 1000) return symbol(ms, ms < 10 ? 1 : 0, "ms");
  if (ms < 60_000) return symbol(ms / 1000, 1, "s");
  if (ms < 3_600_000) return symbol(ms / 60_000, 0, "min");
  if (ms < 2 * 86_400_000) return symbol(ms / 3_600_000, 1, "h");
  const days = { style: "unit", unit: "day", unitDisplay: "long", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(regional(language), days).format(ms / 86_400_000);
}
