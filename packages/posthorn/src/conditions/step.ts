/**
 * Moves the state of a key: by a sample, by time, or by a new version of the rule. Each function is deterministic, so that repeating a step
 * from the same state reports the same transitions.
 */
import { evaluate, type Moment, nextChange, not } from "./evaluate.ts";
import type { KeyState, NewKey } from "./state.ts";
import type { Leaf, Rule, Transition, TransitionKind, Truth } from "./types.ts";
import { isSame, numberIn, reaches, recalled, remember } from "./values.ts";
import { addToWindow, aggregateAt } from "./window.ts";

/** A reading of a message, ready to be applied to a key. */
export interface Sample {
  /** `undefined`: it could not be read. */
  readonly value: unknown;
  /** Time of the sample itself; `null`: it has none. */
  readonly time: number | null;
  /** Results of the `filter` leaves on the message, in the order of all leaves; `null` for other leaves, and for filters that failed. */
  readonly filters: readonly Truth[];
  /** Key of the message. */
  readonly message: number;
  readonly depth: number;
}

export interface Step {
  /** `null`: the key is forgotten. */
  readonly state: KeyState | null;
  readonly transitions: readonly Transition[];
}

/** Step after which the key exists. */
interface Moved extends Step {
  readonly state: KeyState;
}

/** Maximum timers of one key that fire in one step. The next step fires the others. */
const MAX_TIMERS = 1000;

/** When the key needs a step although no sample arrives; `null`: never. */
export function dueAt(rule: Rule, state: KeyState, upSince: number): number | null {
  const times: (number | null)[] = [];
  if (!state.expected) times.push((state.seenAt ?? state.armedAt) + rule.forgetMs);
  if (rule.changed === null) {
    if (state.phase === "pending" && state.streak >= rule.times) times.push(state.since! + rule.forMs);
    if (state.phase === "clearing") times.push(state.clearingSince! + rule.holdMs);
    if (state.phase === "raised" && rule.remindMs !== null) times.push(state.remindedAt! + rule.remindMs);
    times.push(nextChange(rule, state, { now: state.at, upSince }));
  }
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(state.at, Math.min(...known));
}

/** Fires the timers of a key up to a time. */
export function advance(rule: Rule, state: KeyState, { now, upSince }: Moment): Step {
  const transitions: Transition[] = [];
  let current = state;
  for (let fired = 0; fired < MAX_TIMERS; fired++) {
    const due = dueAt(rule, current, upSince);
    if (due === null || due > now) break;
    if (isForgotten(rule, current, due))
      return { state: null, transitions: [...transitions, ...closed(current, due, "forgotten")] };
    const { state: next, transitions: found } = settle(rule, { ...current, at: due }, { now: due, upSince }, now);
    transitions.push(...found);
    current = next;
  }
  return { state: current, transitions };
}

function isForgotten(rule: Rule, state: KeyState, now: number): boolean {
  return !state.expected && now >= (state.seenAt ?? state.armedAt) + rule.forgetMs;
}

/**
 * Applies a sample, after the timers that are due before it. The caller creates a new state for a key whose state was deleted.
 */
export function applySample(rule: Rule, state: KeyState, sample: Sample, moment: Moment): Moved {
  const now = Math.max(moment.now, state.at);
  const unread = { state: { ...state, unreadable: state.unreadable + 1 }, transitions: [] };
  if (sample.value === undefined) return unread;
  if (sample.time !== null && state.sampleTime !== null && sample.time < state.sampleTime) return unread;
  const truths = rule.leaves.map((leaf, index) => sampleTruth(leaf, index, rule, state, sample, now));
  if (isUnreadable(rule, truths)) return unread;
  const value = remember(sample.value);
  const heard: KeyState = {
    ...state,
    at: now,
    seenAt: now,
    sampleTime: sample.time ?? state.sampleTime,
    ...(state.last === undefined ? {} : { previous: state.last }),
    last: value,
    truths,
    windows: rule.windows.map((window) => {
      const buckets = state.windows[window.index] ?? [];
      const number = window.keeps === "count" ? 0 : numberIn(sample.value);
      return number === null ? buckets : addToWindow(window, buckets, number, now);
    }),
    message: sample.message,
    depth: sample.depth,
  };
  if (rule.changed !== null) return applyChange(rule, state, heard, { ...moment, now });
  return settle(rule, heard, { ...moment, now }, now, true);
}

/** Whether no leaf could use the value. The sample then changes nothing, and does not end a silence. */
function isUnreadable(rule: Rule, truths: readonly Truth[]): boolean {
  const own = rule.leaves.flatMap((leaf, index) => (leaf.kind === "silent" || isCount(leaf) ? [] : [truths[index]!]));
  return own.length > 0 && own.every((truth) => truth === null);
}

function isCount(leaf: Leaf): boolean {
  return leaf.kind === "aggregate" && leaf.of === "count";
}

/** The result of a leaf for a sample. For leaves that depend on time, whether the sample could be read for them. */
function sampleTruth(leaf: Leaf, index: number, rule: Rule, state: KeyState, sample: Sample, now: number): Truth {
  switch (leaf.kind) {
    case "number": {
      const number = numberIn(sample.value);
      return number === null ? null : leaf.holds(number);
    }
    case "scalar":
      return leaf.holds(sample.value);
    case "filter":
      return sample.filters[index] ?? null;
    case "changed":
      return changeOf(rule, state, sample.value);
    case "trend": {
      const number = numberIn(sample.value);
      if (number === null) return null;
      const edge = aggregateAt(leaf.window, state.windows[leaf.window.index] ?? [], now);
      if (edge === null) return false;
      return reaches(leaf.direction === "rises" ? number - edge : edge - number, edge, leaf.by);
    }
    case "aggregate":
      return leaf.of === "count" || numberIn(sample.value) !== null ? true : null;
    case "silent":
      return false;
  }
}

function changeOf({ changed }: Rule, state: KeyState, value: unknown): Truth {
  const { from, to, by } = changed!;
  if (by !== null) {
    const number = numberIn(value);
    if (number === null) return null;
    const before = numberIn(recalled(state.reported));
    return before !== null && reaches(Math.abs(number - before), before, by);
  }
  if (state.last === undefined) return false;
  const now = remember(value);
  const isOneOf = (values: readonly unknown[], one: typeof now): boolean =>
    values.some((wanted) => isSame(remember(wanted), one));
  if (from !== null && !isOneOf(from, state.last)) return false;
  if (to !== null && !isOneOf(to, now)) return false;
  return !isSame(now, state.last);
}

/** A watch that reports changes has no phases: each change that its other conditions allow is reported at once. */
function applyChange(rule: Rule, before: KeyState, heard: KeyState, moment: Moment): Moved {
  const isReported = evaluate(rule.when, rule, heard, moment) === true;
  const isFirst = before.reported === undefined;
  const state = isReported || isFirst ? { ...heard, reported: heard.last! } : heard;
  if (!isReported) return { state, transitions: [] };
  const previous = rule.changed!.by === null ? before.last : before.reported;
  return report(state, { kind: "changed", at: moment.now, previous: recalled(previous) });
}

/** Moves the phase to the state of the conditions at a time. `upTo`: one of the reminders due by then is reported. */
function settle(rule: Rule, state: KeyState, moment: Moment, upTo: number, isSample = false): Moved {
  const { now } = moment;
  const holds = evaluate(rule.when, rule, state, moment);
  const next = moved(rule, state, moment, holds, isSample);
  if (next.phase === "pending" && next.streak >= rule.times && now >= next.since! + rule.forMs) {
    const raised: KeyState = { ...next, phase: "raised", raisedAt: now, remindedAt: now, streak: 0 };
    return report(raised, { kind: "raised", at: now });
  }
  if (next.phase === "clearing" && now >= next.clearingSince! + rule.holdMs) {
    const step = report(next, { kind: "cleared", at: now });
    return { ...step, state: { ...step.state, ...CLEAR } };
  }
  if (next.phase === "raised" && rule.remindMs !== null && now >= next.remindedAt! + rule.remindMs) {
    // After an outage, several reminders are overdue: only the first one is reported.
    const overdue = Math.floor((upTo - next.remindedAt!) / rule.remindMs);
    const remindedAt = next.remindedAt! + overdue * rule.remindMs;
    return report({ ...next, remindedAt }, { kind: "reminded", at: now });
  }
  return { state: next, transitions: [] };
}

const CLEAR = {
  phase: "clear",
  since: null,
  streak: 0,
  clearingSince: null,
  raisedAt: null,
  remindedAt: null,
} as const;

/** The phase without regard to `for`, `times` and `hold`. */
function moved(rule: Rule, state: KeyState, moment: Moment, holds: Truth, isSample: boolean): KeyState {
  const { now } = moment;
  switch (state.phase) {
    case "clear":
      return holds === true ? { ...state, phase: "pending", since: now, streak: isSample ? 1 : 0 } : state;
    case "pending":
      if (holds === false) return { ...state, ...CLEAR };
      return holds === true && isSample ? { ...state, streak: state.streak + 1 } : state;
    case "raised":
      return clears(rule, state, moment, holds) === true ? { ...state, phase: "clearing", clearingSince: now } : state;
    case "clearing":
      return clears(rule, state, moment, holds) === false ? { ...state, phase: "raised", clearingSince: null } : state;
  }
}

function clears(rule: Rule, state: KeyState, moment: Moment, holds: Truth): Truth {
  return rule.until === null ? not(holds) : evaluate(rule.until, rule, state, moment);
}

/**
 * Continues a key under a new version of its rule. A raised key stays raised, and the new rule says when it is cleared; windows and
 * waiting times begin again.
 */
export function carryOver(
  rule: Rule,
  old: KeyState,
  { version, expected, at: now }: Omit<NewKey, "incarnation">,
): Moved {
  const at = Math.max(now, old.at);
  const isRaised = old.phase === "raised" || old.phase === "clearing";
  const carried: KeyState = {
    ...old,
    ...(isRaised ? { phase: "raised", clearingSince: null, remindedAt: at } : CLEAR),
    version,
    at,
    expected,
    truths: rule.leaves.map(() => null),
    windows: rule.windows.map(() => []),
  };
  if (!isRaised || rule.changed === null) return { state: carried, transitions: [] };
  const step = report(carried, { kind: "cleared", at, reason: "rule_changed" });
  return { ...step, state: { ...step.state, ...CLEAR } };
}

/** Ends a key. If it was raised, its receivers learn that it has cleared. */
export function closed(state: KeyState, at: number, reason: NonNullable<Transition["reason"]>): readonly Transition[] {
  if (state.phase !== "raised" && state.phase !== "clearing") return [];
  return report(state, { kind: "cleared", at, reason }).transitions;
}

interface Reported {
  readonly kind: TransitionKind;
  readonly at: number;
  readonly previous?: unknown;
  readonly reason?: Transition["reason"];
}

function report(state: KeyState, { kind, at, previous, reason = null }: Reported): Moved {
  const number = state.number + 1;
  const transition: Transition = {
    kind,
    number,
    at,
    since: kind === "changed" ? null : state.since,
    value: recalled(state.last) ?? null,
    previous: kind === "changed" ? previous : recalled(state.previous),
    reason,
    message: state.message,
  };
  return { state: { ...state, number }, transitions: [transition] };
}
