/**
 * Storage forecast: current size, growth per day, the steady size at which deletion keeps up with growth, and when the disk is full if
 * it is too small for that.
 */
import { DAY_MS, ROW_BYTES, STORAGE_KINDS, type StorageKind } from "./day.ts";

/** Rows of one kind that arrived on one day and are still stored. */
export interface StoredDay {
  /** Days since 1970. */
  readonly day: number;
  readonly kind: string;
  readonly stored: number;
  readonly bytes: number;
}

export interface ForecastInput {
  readonly days: readonly StoredDay[];
  readonly keepDays: Readonly<Record<StorageKind, number>>;
  /** Unix milliseconds. */
  readonly now: number;
  /** Arrival of the oldest stored message; `null` if there is none. */
  readonly firstAt: number | null;
  /** Bytes in use. */
  readonly usedBytes: number;
  /** Free bytes; `null` if unknown. */
  readonly leftBytes: number | null;
}

export interface KindForecast {
  readonly kind: StorageKind;
  readonly stored: number;
  readonly bytes: number;
  readonly keepDays: number;
  /** Average growth per day over the last 7 days, before deletion. */
  readonly bytesADay: number;
  /** Size at which as much is deleted as is added. */
  readonly steadyBytes: number;
}

export interface Forecast {
  readonly kinds: readonly KindForecast[];
  readonly bytesADay: number;
  readonly steadyBytes: number;
  /** Days until the disk is full; `null`: never at the current rate, or unknown. */
  readonly fullInDays: number | null;
}

const RATE_DAYS = 7;
/** Minimum age of the data for a meaningful rate: 1 hour. */
const MIN_DAYS = 1 / 24;
/** Horizon of the forecast. Deletion keeps up with growth long before. */
const LOOK_DAYS = 3650;
/** Below this size, the ratio of estimate to file size is not meaningful. */
const MIN_RATIO_BYTES = 16 * 1024 * 1024;

export function forecast(input: ForecastInput): Forecast {
  const { days, usedBytes } = input;
  const estimated = sum(days, estimateOf);
  // Distribute the overhead of the file, such as partly filled pages, by size.
  const factor = estimated < MIN_RATIO_BYTES ? 1 : Math.min(4, Math.max(0.5, usedBytes / estimated));
  const scaled = days.map(({ day, kind, stored, bytes }) => ({
    day,
    kind,
    stored,
    bytes: estimateOf({ day, kind, stored, bytes }) * factor,
  }));
  const kinds = STORAGE_KINDS.map((kind) =>
    forecastOf(
      kind,
      scaled.filter((day) => day.kind === kind),
      input,
    ),
  );
  return {
    kinds,
    bytesADay: sum(kinds, (kind) => kind.bytesADay),
    steadyBytes: sum(kinds, (kind) => kind.steadyBytes),
    fullInDays: fullInDays(kinds, scaled, input),
  };
}

function estimateOf({ kind, stored, bytes }: StoredDay): number {
  return Math.max(0, bytes + stored * ROW_BYTES[kind as StorageKind]);
}

function forecastOf(kind: StorageKind, days: readonly StoredDay[], input: ForecastInput): KindForecast {
  const { now, firstAt } = input;
  const keepDays = input.keepDays[kind];
  const today = Math.floor(now / DAY_MS);
  // Exclude days that have been partly deleted.
  const from = today - Math.min(RATE_DAYS, keepDays - 1);
  const since = Math.max(from * DAY_MS, firstAt ?? now);
  const elapsed = (now - since) / DAY_MS;
  const came = sum(
    days.filter(({ day }) => day >= from),
    ({ bytes }) => bytes,
  );
  const bytesADay = elapsed < MIN_DAYS ? 0 : came / elapsed;
  const bytes = sum(days, (day) => day.bytes);
  return {
    kind,
    stored: sum(days, ({ stored }) => stored),
    bytes: Math.round(bytes),
    keepDays,
    bytesADay: Math.round(bytesADay),
    steadyBytes: Math.round(bytesADay * keepDays),
  };
}

function fullInDays(kinds: readonly KindForecast[], days: readonly StoredDay[], input: ForecastInput): number | null {
  if (input.leftBytes === null) return null;
  const today = Math.floor(input.now / DAY_MS);
  const came = new Map(days.map(({ kind, day, bytes }) => [`${kind}/${day}`, bytes]));
  const first = days.reduce((least, { day }) => Math.min(least, day), today);
  let left = input.leftBytes;
  for (let ahead = 1; ahead <= LOOK_DAYS; ahead++) {
    for (const { kind, keepDays, bytesADay } of kinds) {
      const leaves = today + ahead - keepDays;
      const gone = leaves < first ? 0 : leaves >= today ? bytesADay : (came.get(`${kind}/${leaves}`) ?? 0);
      left -= bytesADay - gone;
    }
    if (left <= 0) return ahead;
  }
  return null;
}

function sum<T>(list: readonly T[], pick: (item: T) => number): number {
  return list.reduce((total, item) => total + pick(item), 0);
}
