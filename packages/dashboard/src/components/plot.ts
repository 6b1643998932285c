/** Draws charts with uPlot. Loaded with the first chart. */
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { readClock, timeFormat } from "../lib/clock.ts";
import type { ChartProps } from "./chart.tsx";

/** Value of `UPlot.Scale.Distr.Logarithmic`: uPlot declares the enum only in its types. */
const LOGARITHMIC: unknown = 3;

export interface PlotOptions {
  readonly height: number;
  readonly language: string;
}

export function draw(element: HTMLElement, props: ChartProps, { height, language }: PlotOptions): UPlot {
  const { times, series, kind, format, onPick } = props;
  const colour = palette(element, ["--muted", "--line", ...series.map((one) => one.colour)]);
  const stacked = kind === "bars";
  const sums = stacked ? stack(series.map(({ values }) => values)) : series.map(({ values }) => values.map(aboveZero));
  // Stacked bars are drawn from the highest to the lowest, each over the one before.
  const order = stacked ? series.map((_, index) => index).toReversed() : series.map((_, index) => index);
  const bars = UPlot.paths.bars!({ size: [0.72, 40], radius: 0.08 });
  const chart = new UPlot(
    {
      width: element.clientWidth,
      height,
      padding: [8, 18, 0, 0],
      cursor: { points: { show: !stacked }, drag: { x: false, y: false }, y: false },
      legend: {
        live: true,
        markers: {
          width: 0,
          fill: (_chart, place) => (place === 0 ? "transparent" : colour(series[order[place - 1]!]!.colour)),
        },
      },
      // Ticks are at full hours and days of the zone that the reader chose.
      ...(readClock() === "utc" ? { tzDate: (time) => UPlot.tzDate(new Date(time * 1000), "Etc/UTC") } : {}),
      scales: scalesOf(props),
      axes: axesOf(props, { colour, font: getComputedStyle(element).fontFamily, language }),
      series: [
        { value: (_chart, time) => (time === null ? "" : timeText(time, language)), label: "" },
        ...order.map((index): UPlot.Series => ({
          label: series[index]!.label,
          stroke: colour(series[index]!.colour),
          width: stacked ? 0 : 2,
          ...(stacked ? { fill: colour(series[index]!.colour), paths: bars } : {}),
          points: {
            show: !stacked,
            size: 6,
            fill: colour(series[index]!.colour),
            filter: () => isolatedPoints(series[index]!.values),
          },
          value: (_chart, _sum, _series, place) => {
            const value = place === null ? null : series[index]!.values[place];
            return value === null || value === undefined ? "" : format(value);
          },
        })),
      ],
    },
    [[...times], ...order.map((index) => [...sums[index]!])],
    element,
  );
  chart.over.addEventListener("click", () => {
    const { idx, top } = chart.cursor;
    if (typeof idx !== "number") return;
    const value = chart.posToVal(top ?? 0, "y");
    const bar = stacked ? sums.findIndex((sum) => value <= (sum[idx] ?? 0)) : -1;
    onPick?.(idx, bar === -1 ? null : bar);
  });
  return chart;
}

function scalesOf({ kind, times }: ChartProps): UPlot.Scales {
  // Bars are centred on their time, so leave room for half a bar at both ends.
  const half = kind === "bars" && times.length > 1 ? (times[1]! - times[0]!) / 2 : 0;
  const x: UPlot.Scale = { range: (_chart, low, high) => [low - half, high + half] };
  // Durations range from milliseconds to hours, which a linear scale cannot show together.
  if (kind === "durations") return { x, y: { distr: LOGARITHMIC as UPlot.Scale.Distr, range: durationsAround } };
  return { x, y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.08 : 1] } };
}

interface AxisLook {
  readonly colour: (name: string) => string;
  readonly font: string;
  readonly language: string;
}

function axesOf({ kind, format }: ChartProps, { colour, font, language }: AxisLook): UPlot.Axis[] {
  const axis: UPlot.Axis = {
    stroke: colour("--muted"),
    font: `11px ${font}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const known: UPlot.Axis = { splits: durationsBetween, filter: (_chart, splits) => splits };
  // Bars count, and there is no half of an event.
  const counts: UPlot.Axis = { incrs: COUNT_STEPS };
  return [
    { ...axis, size: 26, space: 64, grid: { show: false }, values: (_chart, ticks) => tickTexts(ticks, language) },
    {
      ...axis,
      ...(kind === "durations" ? known : counts),
      size: 52,
      values: (_chart, ticks) => ticks.map((tick) => format(tick)),
    },
  ];
}

/** Raises a value to at least 1, because a logarithmic scale has no zero. */
function aboveZero(value: number | null): number | null {
  return value === null ? null : Math.max(value, 1);
}

function stack(rows: readonly (readonly (number | null)[])[]): readonly (readonly number[])[] {
  const sums: number[][] = [];
  for (const row of rows) {
    const below = sums.at(-1);
    sums.push(row.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums;
}

/** Distances between the ticks of counts: 1, 2, 5, 10 and so on. */
const COUNT_STEPS: number[] = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((one) => one * 10 ** power),
).flat();

/** Round durations in milliseconds for the axis, each about ten times the one before. */
const DURATIONS = [
  1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 345_600_000, 3_456_000_000,
] as const;

/** Range of the axis: the round durations just below and above the data. */
function durationsAround(_chart: UPlot, low: number | null, high: number | null): [number, number] {
  const from = DURATIONS.findLastIndex((duration) => duration <= (low ?? 1));
  const to = DURATIONS.findIndex((duration) => duration >= (high ?? 1));
  const least = Math.max(from, 0);
  return [DURATIONS[least]!, DURATIONS[Math.max(to, least + 1)] ?? DURATIONS.at(-1)!];
}

function durationsBetween(_chart: UPlot, _axis: number, low: number, high: number): number[] {
  return DURATIONS.filter((duration) => duration >= low && duration <= high);
}

/** Indices of values without a neighbour. No line passes through them, so they are drawn as points. */
function isolatedPoints(values: readonly (number | null)[]): number[] {
  const isThere = (index: number): boolean => typeof values[index] === "number";
  return values.flatMap((_, index) => (isThere(index) && !isThere(index - 1) && !isThere(index + 1) ? [index] : []));
}

/** Resolves CSS variables to colours for the canvas. All at once, because each read of a computed style can force a layout. */
function palette(element: HTMLElement, names: readonly string[]): (name: string) => string {
  const probes = names.map((name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    return probe;
  });
  element.append(...probes);
  const colours = new Map(probes.map((probe, place) => [names[place]!, getComputedStyle(probe).color]));
  for (const probe of probes) probe.remove();
  return (name) => colours.get(name)!;
}

const DAY_SECONDS = 86_400;

function tickTexts(ticks: readonly number[], language: string): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  const format = timeFormat(
    language,
    span > 2 * DAY_SECONDS ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" },
  );
  return ticks.map((tick) => format.format(tick * 1000));
}

function timeText(time: number, language: string): string {
  return timeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(time * 1000);
}
