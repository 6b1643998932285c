/** Evaluates conditions in three-valued logic, on the state of a key and a time. */
import type { KeyState } from "./state.ts";
import type { Condition, Leaf, Rule, Truth, Window } from "./types.ts";
import { aggregateAt, aggregateLater, departures } from "./window.ts";

/**
 * A time, and the start of the current period of uninterrupted reception: silence before that says nothing about a
 * device.
 */
export interface Moment {
  readonly now: number;
  readonly upSince: number;
}

/** Returns the aggregate of a window at a time. */
type Aggregated = (window: Window, now: number) => number | null;

export function evaluate(
  condition: Condition,
  rule: Rule,
  state: KeyState,
  moment: Moment,
  aggregated: Aggregated = (window, now) => aggregateAt(window, state.windows[window.index] ?? [], now),
): Truth {
  switch (condition.kind) {
    case "leaf":
      return leafTruth(rule.leaves[condition.index]!, state.truths[condition.index] ?? null, state, moment, aggregated);
    case "not":
      return not(evaluate(condition.part, rule, state, moment, aggregated));
    case "all":
      return all(condition.parts.map((part) => evaluate(part, rule, state, moment, aggregated)));
    case "any":
      return not(all(condition.parts.map((part) => not(evaluate(part, rule, state, moment, aggregated)))));
  }
}

export function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

/** False if any is false, regardless of the others. */
function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

/** @param atSample The result at the last sample, for leaves that only samples change. */
function leafTruth(leaf: Leaf, atSample: Truth, state: KeyState, moment: Moment, aggregated: Aggregated): Truth {
  if (leaf.kind === "silent") return moment.now - heardAt(state, moment) >= leaf.ms;
  if (leaf.kind !== "aggregate") return atSample;
  const value = aggregated(leaf.window, moment.now);
  if (value === null) return null;
  if (leaf.needsWholeWindow && moment.now < wholeAt(leaf, state, moment)) return null;
  return leaf.holds(value);
}

/** Start of the time without samples. */
export function heardAt(state: KeyState, { upSince }: Moment): number {
  return Math.max(state.seenAt ?? state.armedAt, upSince);
}

/** The time from which the whole window has been observed. */
function wholeAt(
  { window }: Leaf & { readonly kind: "aggregate" },
  { armedAt }: KeyState,
  { upSince }: Moment,
): number {
  return Math.max(armedAt, upSince) + window.ms;
}

/**
 * The next time after `now` at which the result of a condition can change without a sample; `null`: there is none.
 *
 * Only the first change of the overall result is returned for windows, since buckets leave them far more often than results change.
 */
export function nextChange(rule: Rule, state: KeyState, moment: Moment): number | null {
  const times = rule.leaves.flatMap((leaf) => changeTimes(leaf, state, moment));
  if (times.length === 0) return null;
  const later = rule.windows.map((window) => aggregateLater(window, state.windows[window.index] ?? []));
  const aggregated: Aggregated = (window, now) => later[window.index]!(now);
  const result = (now: number): string =>
    [rule.when, rule.until]
      .map((part) => (part === null ? "" : evaluate(part, rule, state, { ...moment, now }, aggregated)))
      .join();
  const before = result(moment.now);
  return times.sort((a, b) => a - b).find((time) => result(time) !== before) ?? null;
}

function changeTimes(leaf: Leaf, state: KeyState, moment: Moment): readonly number[] {
  if (leaf.kind === "silent") return [heardAt(state, moment) + leaf.ms].filter((time) => time > moment.now);
  if (leaf.kind !== "aggregate") return [];
  const left = departures(leaf.window, state.windows[leaf.window.index] ?? [], moment.now);
  return [...left, wholeAt(leaf, state, moment)].filter((time) => time > moment.now);
}
