/** Applies samples and timers to keys in memory, and collects the changes. Independent of the database, because the dry run uses it too. */
import type { Readings } from "../../conditions/readings.ts";
import { type KeyState, newState } from "../../conditions/state.ts";
import { advance, applySample, carryOver, closed, dueAt, type Step } from "../../conditions/step.ts";
import type { Rule, Transition } from "../../conditions/types.ts";
import type { StoredSample } from "./samples.ts";
import type { Watch } from "./watch.ts";

/** A transition of a key, with what its event ID needs. */
export interface KeyTransition {
  readonly name: string;
  readonly incarnation: number;
  readonly depth: number;
  readonly transition: Transition;
}

/** Readings after which a run ends. The next run continues with the next message. */
export const MAX_READINGS_AT_ONCE = 2000;

export interface KeyRunOptions {
  readonly watch: Pick<Watch, "version" | "keyedSince">;
  readonly rule: Rule;
  readonly upSince: number;
  /** Keys that may be added. */
  readonly room: number;
}

export class WatchKeys {
  readonly #options: KeyRunOptions;
  /** `null`: the key was forgotten. */
  readonly #states = new Map<string, KeyState | null>();
  /** Names with a row in the database. */
  readonly #stored = new Set<string>();
  readonly #touched = new Set<string>();
  readonly transitions: KeyTransition[] = [];
  samples = 0;
  unreadable = 0;
  /** Readings of new keys for which there was no room. */
  ignored = 0;
  #added = 0;

  constructor(options: KeyRunOptions) {
    this.#options = options;
  }

  /** Adds a key from the database, unless it is known already. */
  load(name: string, state: KeyState): void {
    if (this.#states.has(name)) return;
    this.#states.set(name, state);
    this.#stored.add(name);
  }

  knows(name: string): boolean {
    return this.#states.has(name);
  }

  /** Keys added, without those that were forgotten. */
  get growth(): number {
    return this.#added;
  }

  /** Rows to write. `state` is `null` for rows to delete. */
  changes(): readonly { readonly name: string; readonly state: KeyState | null; readonly isStored: boolean }[] {
    return [...this.#touched].flatMap((name) => {
      const state = this.#states.get(name) ?? null;
      const isStored = this.#stored.has(name);
      return state === null && !isStored ? [] : [{ name, state, isStored }];
    });
  }

  dueOf(state: KeyState): number | null {
    return dueAt(this.#options.rule, state, this.#options.upSince);
  }

  /** Applies the readings of a message. */
  apply(stored: StoredSample, found: Readings): void {
    const { rule, upSince } = this.#options;
    const { key: message, timestamp: now } = stored.message;
    this.samples += found.readings.length + found.unusable;
    this.unreadable += found.unusable;
    for (const { key: name, value, time } of found.readings) {
      const known = this.#current(name, now);
      const state = known ?? this.#create(name, message, now);
      if (state === null) continue;
      const sample = { value, time, filters: found.filters, message, depth: stored.depth };
      const step = applySample(rule, state, sample, { now, upSince });
      if (step.state.unreadable > state.unreadable) this.unreadable += 1;
      // A key that never had a readable value would take the place of one that has.
      if (known === null && step.state.seenAt === null) this.#added -= 1;
      else this.#keep(name, state, step);
    }
  }

  /** Fires the timers of a known key. Its row is written again, because the next timer may have moved without a transition. */
  tick(name: string, now: number): void {
    this.#current(name, now);
    this.#touched.add(name);
  }

  /** The state of a key at a time; `null`: there is none, or it was deleted. */
  #current(name: string, now: number): KeyState | null {
    const { rule, upSince, watch } = this.#options;
    const before = this.#states.get(name) ?? null;
    if (before === null) return null;
    let state = before;
    if (state.version < watch.keyedSince) {
      this.#keep(name, state, { state: null, transitions: closed(state, Math.max(now, state.at), "rule_changed") });
      return null;
    }
    if (state.version !== watch.version) {
      const expected = isExpected(rule, name);
      const step = carryOver(rule, state, { version: watch.version, expected, at: now });
      this.#keep(name, state, step);
      state = step.state;
    }
    const step = advance(rule, state, { now, upSince });
    if (step.state === state) return state;
    this.#keep(name, state, step);
    return step.state;
  }

  #create(name: string, incarnation: number, at: number): KeyState | null {
    const { rule, watch, room } = this.#options;
    if (this.#added >= room) {
      this.ignored += 1;
      return null;
    }
    this.#added += 1;
    return newState(rule, { version: watch.version, incarnation, at, expected: isExpected(rule, name) });
  }

  #keep(name: string, { incarnation, depth: before }: KeyState, { state, transitions }: Step): void {
    if (state === null) this.#added -= 1;
    this.#states.set(name, state);
    this.#touched.add(name);
    const depth = (state?.depth ?? before) + 1;
    for (const transition of transitions) this.transitions.push({ name, incarnation, depth, transition });
  }
}

/** Whether a key is watched before its first sample, and never forgotten: those that the rule names, and the only one without `read.key`. */
function isExpected({ read, expect }: Rule, name: string): boolean {
  return read.key === null || expect.includes(name);
}
