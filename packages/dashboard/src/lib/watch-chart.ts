/** What the chart of a watch shows besides its values. */
import type { ChartThreshold } from "./value-chart.ts";
import type { WatchCondition, WatchRule } from "./watch-draft.ts";

/** The thresholds that values are compared with. Those of aggregates are left out: the chart shows the values themselves. */
export function thresholdsOf(
  rule: WatchRule,
  label: (bound: "above" | "below", value: number, isEnd: boolean) => string,
) {
  const found: ChartThreshold[] = [];
  const add = (bound: "above" | "below", value: unknown, isEnd: boolean): void => {
    if (typeof value !== "number") return;
    const text = label(bound, value, isEnd);
    if (!found.some((one) => one.label === text)) found.push({ value, label: text, isEnd });
  };
  const collect = (condition: WatchCondition, isEnd: boolean): void => {
    const { above, below, between, outside, all = [], any = [], not } = condition;
    add("above", above, isEnd);
    add("below", below, isEnd);
    for (const range of [between, outside]) {
      const isOutside = range === outside;
      add(isOutside ? "below" : "above", range?.[0], isEnd);
      add(isOutside ? "above" : "below", range?.[1], isEnd);
    }
    for (const part of [...all, ...any, ...(not === undefined ? [] : [not])]) collect(part, isEnd);
  };
  collect(rule.when, false);
  if (rule.until !== undefined) collect(rule.until, true);
  return found;
}
