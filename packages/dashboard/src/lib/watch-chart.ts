/** Data of the chart of a watch: values or aggregates over a period, and the thresholds that they are compared with. */
import { type ChartThreshold, type ChartValue, drawable } from "./value-chart.ts";
import { type Aggregate, AGGREGATES, type WatchCondition } from "./condition-draft.ts";
import type { WatchRule } from "./watch-draft.ts";

type Label = (bound: "above" | "below", value: number, isEnd: boolean) => string;

/** Thresholds of a line in the chart. */
class Thresholds {
  readonly found: ChartThreshold[] = [];
  readonly #label: Label;

  constructor(label: Label) {
    this.#label = label;
  }

  add({ above, below, between, outside }: WatchBounds, isEnd: boolean): void {
    this.#one("above", above, isEnd);
    this.#one("below", below, isEnd);
    for (const range of [between, outside]) {
      const isOutside = range === outside;
      this.#one(isOutside ? "below" : "above", range?.[0], isEnd);
      this.#one(isOutside ? "above" : "below", range?.[1], isEnd);
    }
  }

  #one(bound: "above" | "below", value: unknown, isEnd: boolean): void {
    if (typeof value !== "number") return;
    const text = this.#label(bound, value, isEnd);
    if (!this.found.some((one) => one.label === text)) this.found.push({ value, label: text, isEnd });
  }
}

type WatchBounds = Pick<WatchCondition, "above" | "below" | "between" | "outside">;

/** Calls a function with each condition of a rule, except groups. */
function eachLeaf({ when, until }: WatchRule, visit: (leaf: WatchCondition, isEnd: boolean) => void): void {
  const walk = (condition: WatchCondition, isEnd: boolean): void => {
    const { all = [], any = [], not } = condition;
    const parts = [...all, ...any, ...(not === undefined ? [] : [not])];
    if (parts.length === 0) visit(condition, isEnd);
    for (const part of parts) walk(part, isEnd);
  };
  walk(when, false);
  if (until !== undefined) walk(until, true);
}

/** The thresholds that values are compared with. */
export function thresholdsOf(rule: WatchRule, label: Label): readonly ChartThreshold[] {
  const thresholds = new Thresholds(label);
  eachLeaf(rule, (leaf, isEnd) => thresholds.add(leaf, isEnd));
  return thresholds.found;
}

/** An aggregate over a period, which a rule compares with thresholds. */
export interface ChartAggregate {
  readonly of: Aggregate;
  /** Such as `5m`. */
  readonly over: string;
  readonly thresholds: readonly ChartThreshold[];
}

/** The aggregates of a rule, each once, with all thresholds that it is compared with. */
export function aggregatesOf(rule: WatchRule, label: Label): readonly ChartAggregate[] {
  const found = new Map<string, { readonly of: Aggregate; readonly over: string; readonly thresholds: Thresholds }>();
  eachLeaf(rule, (leaf, isEnd) => {
    for (const of of AGGREGATES) {
      const operand = leaf[of];
      if (operand === undefined) continue;
      const name = `${of} ${operand.over}`;
      const known = found.get(name) ?? { of, over: operand.over, thresholds: new Thresholds(label) };
      found.set(name, known);
      known.thresholds.add(operand, isEnd);
    }
  });
  return [...found.values()].map(({ of, over, thresholds }) => ({ of, over, thresholds: thresholds.found }));
}

/** Whether a rule compares values themselves. */
export function comparesValues(rule: WatchRule): boolean {
  let isFound = false;
  eachLeaf(rule, (leaf) => (isFound ||= !AGGREGATES.some((of) => leaf[of] !== undefined)));
  return isFound;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function durationMs(duration: string): number | null {
  const [, amount, unit = ""] = /^(\d+)([smhdw])$/.exec(duration) ?? [];
  return amount === undefined ? null : Number(amount) * UNITS[unit]!;
}

/**
 * An aggregate at each sample, and when a sample leaves the period, up to the last sample of all series. The server divides the period into
 * up to 60 parts, so that its own values can change up to one part later.
 */
export function aggregateValues(values: readonly ChartValue[], of: Aggregate, ms: number): readonly ChartValue[] {
  const end = values.reduce((latest, { at }) => Math.max(latest, at), 0);
  return [...Map.groupBy(values, ({ series }) => series)].flatMap(([series, members]) => {
    const samples = members
      .flatMap(({ at, value }) => {
        const number = of === "count" ? 1 : drawable(value);
        return number === null ? [] : [{ at, value: number }];
      })
      .toSorted((a, b) => a.at - b.at);
    const times = new Set([
      ...samples.map(({ at }) => at),
      ...samples.map(({ at }) => at + ms).filter((at) => at <= end),
    ]);
    let first = 0;
    let next = 0;
    return [...times]
      .toSorted((a, b) => a - b)
      .flatMap((at) => {
        while (next < samples.length && samples[next]!.at <= at) next++;
        while (first < next && samples[first]!.at <= at - ms) first++;
        const value = aggregateOf(
          of,
          samples.slice(first, next).map((sample) => sample.value),
        );
        return value === null ? [] : [{ at, series, value }];
      });
  });
}

function aggregateOf(of: Aggregate, values: readonly number[]): number | null {
  const sum = values.reduce((total, value) => total + value, 0);
  if (of === "count" || of === "sum") return sum;
  if (values.length === 0) return null;
  return of === "avg" ? sum / values.length : values.reduce((a, b) => (of === "min" ? Math.min(a, b) : Math.max(a, b)));
}
