/** Geometry and rows of the chart of values. */
export interface ChartValue {
  /** Unix milliseconds. */
  readonly at: number;
  readonly series: string;
  readonly value: unknown;
}

export interface ChartThreshold {
  readonly value: number;
  readonly label: string;
  /** Whether it ends the state that another threshold begins. */
  readonly isEnd: boolean;
}

export type MarkKind = "raised" | "cleared" | "reminded" | "changed" | "overflow";

export interface ChartMark {
  readonly at: number;
  readonly series: string;
  readonly kind: MarkKind;
}

export interface ChartPoint {
  readonly at: number;
  readonly value: number;
}

export interface ChartLine {
  readonly series: string;
  readonly points: readonly ChartPoint[];
}

/** Converts a value for drawing: a number, numeric text, or a boolean as 0 or 1; `null` for anything else. */
export function drawable(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" && value.trim() === "") return null;
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** A line for each series, those with the most points first, and how many series are left out. */
export function linesOf(
  values: readonly ChartValue[],
  max: number,
): { readonly lines: readonly ChartLine[]; readonly hidden: number } {
  const lines = [...Map.groupBy(values, ({ series }) => series)]
    .map(([series, members]) => ({
      series,
      points: members
        .flatMap(({ at, value }) => {
          const number = drawable(value);
          return number === null ? [] : [{ at, value: number }];
        })
        .toSorted((a, b) => a.at - b.at),
    }))
    .filter(({ points }) => points.length > 0)
    .toSorted((a, b) => b.points.length - a.points.length);
  return { lines: lines.slice(0, max), hidden: Math.max(0, lines.length - max) };
}

export interface Axis {
  readonly domain: readonly [number, number];
  readonly of: (value: number) => number;
}

export interface Area {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** Axes that cover all times and values. */
export function scaleOf(
  { times, values }: { readonly times: readonly number[]; readonly values: readonly number[] },
  { width, height, top, right, bottom, left }: Area,
): { readonly x: Axis; readonly y: Axis } {
  const [low, high] = rangeOf(values);
  const pad = (high - low) * 0.06;
  const y: readonly [number, number] = [low - pad, high + pad];
  const x = rangeOf(times);
  return {
    x: { domain: x, of: (at) => left + 8 + ((at - x[0]) / (x[1] - x[0])) * Math.max(1, width - left - right - 16) },
    y: { domain: y, of: (value) => height - bottom - ((value - y[0]) / (y[1] - y[0])) * (height - top - bottom) },
  };
}

function rangeOf(numbers: readonly number[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** About `count` round numbers within a range. */
export function ticksOf([low, high]: readonly [number, number], count: number): readonly number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high; index++)
    ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

/** Equally spaced times, with the first and the last of the range. */
export function timeTicks([from, to]: readonly [number, number], count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1));
}

export interface ChartRow {
  readonly at: number;
  readonly series: string;
  /** `undefined`: only an event. */
  readonly value: unknown;
  readonly kind: MarkKind | null;
}

/** Values and events in the order of time. An event at the time of a value is in its row. */
export function chartRows(values: readonly ChartValue[], marks: readonly ChartMark[]): readonly ChartRow[] {
  const open = [...marks];
  const rows: ChartRow[] = values.map(({ at, series, value }) => {
    const index = open.findIndex((mark) => mark.at === at && mark.series === series);
    const [mark] = index === -1 ? [] : open.splice(index, 1);
    return { at, series, value, kind: mark?.kind ?? null };
  });
  return [...rows, ...open.map(({ at, series, kind }) => ({ at, series, value: undefined, kind }))].toSorted(
    (a, b) => a.at - b.at,
  );
}
