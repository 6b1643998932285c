/** Draws a chart with uPlot; loaded with the first chart. */
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { regional } from "../lib/format.ts";
import type { ChartProps } from "./chart.tsx";

export interface PlotOptions {
  readonly height: number;
  readonly language: string;
}

export function draw(element: HTMLElement, props: ChartProps, { height, language }: PlotOptions): UPlot {
  const { times, series, kind, format, onPick } = props;
  const styles = getComputedStyle(element);
  const colour = (name: string): string => resolved(element, name);
  const stacked = kind === "bars";
  const sums = stacked ? stack(series.map(({ values }) => values)) : series.map(({ values }) => values);
  // Of stacked bars the highest is drawn first, and those below it over it.
  const order = stacked ? series.map((_, index) => index).toReversed() : series.map((_, index) => index);
  const bars = UPlot.paths.bars!({ size: [0.72, 40], radius: 0.08 });
  // Half a bar stands on either side of its time.
  const half = times.length > 1 ? (times[1]! - times[0]!) / 2 : 0;
  const axis: UPlot.Axis = {
    stroke: colour("--muted"),
    font: `11px ${styles.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
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
      scales: {
        x: { range: (_chart, low, high) => (stacked ? [low - half, high + half] : [low, high]) },
        // Durations of one chart are milliseconds and hours: only their powers can be seen beside each other.
        y: stacked
          ? { range: (_chart, _low, high) => [0, high > 0 ? high * 1.08 : 1] }
          : { distr: 3, range: powersAround },
      },
      axes: [
        { ...axis, size: 26, space: 64, grid: { show: false }, values: (_chart, ticks) => tickTexts(ticks, language) },
        { ...axis, size: 52, values: (_chart, ticks) => ticks.map((tick) => (tick === null ? null : format(tick))) },
      ],
      series: [
        { value: (_chart, time) => (time === null ? "" : momentText(time, language)), label: "" },
        ...order.map((index): UPlot.Series => ({
          label: series[index]!.label,
          stroke: colour(series[index]!.colour),
          width: stacked ? 0 : 2,
          ...(stacked ? { fill: colour(series[index]!.colour), paths: bars } : {}),
          // A line of one point is a point.
          points: { show: !stacked, size: 6, filter: () => lonely(series[index]!.values) },
          value: (_chart, _sum, _series, place) => {
            const value = place === null ? null : series[index]!.values[place];
            return value === null || value === undefined ? "" : format(value);
          },
        })),
      ],
    },
    // A logarithm has no zero.
    [
      [...times],
      ...order.map((index) => sums[index]!.map((sum) => (stacked || sum === null ? sum : Math.max(sum, 1)))),
    ],
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

function stack(rows: readonly (readonly (number | null)[])[]): readonly (readonly number[])[] {
  const sums: number[][] = [];
  for (const row of rows) {
    const below = sums.at(-1);
    sums.push(row.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums;
}

/** The powers of ten below and above, at least one apart. */
function powersAround(_chart: UPlot, low: number | null, high: number | null): [number, number] {
  const from = 10 ** Math.floor(Math.log10(Math.max(low ?? 1, 1)));
  return [from, Math.max(from * 10, 10 ** Math.ceil(Math.log10(Math.max(high ?? 1, 1))))];
}

/** Places of values without a neighbour, through which no line goes. */
function lonely(values: readonly (number | null)[]): number[] {
  const isThere = (index: number): boolean => typeof values[index] === "number";
  return values.flatMap((_, index) => (isThere(index) && !isThere(index - 1) && !isThere(index + 1) ? [index] : []));
}

/** A colour as a canvas takes it: `light-dark()` is worked out by an element. */
function resolved(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const DAY_SECONDS = 86_400;

function tickTexts(ticks: readonly number[], language: string): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  const format = new Intl.DateTimeFormat(
    regional(language),
    span > 2 * DAY_SECONDS ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" },
  );
  return ticks.map((tick) => format.format(tick * 1000));
}

function momentText(time: number, language: string): string {
  return new Intl.DateTimeFormat(regional(language), { dateStyle: "short", timeStyle: "short" }).format(time * 1000);
}
