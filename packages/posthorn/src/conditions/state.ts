/**
 * State of one key of a watch. The engine remembers nothing else about a key. Timers are derived from it, so that a
 * restart loses nothing.
 *
 * The serialised form is a JSON object with a version and short names. Its size has a bound that does not depend on the number of samples.
 */
import { type Buckets } from "./window.ts";
import type { Phase, Rule, Truth } from "./types.ts";
import type { Remembered } from "./values.ts";

export interface KeyState {
  /** Version of the rule that the state was made with. */
  readonly version: number;
  /** Distinguishes this life of the key from earlier ones that were forgotten. */
  readonly incarnation: number;
  /** Number of the last transition; 0: there was none. */
  readonly number: number;
  readonly phase: Phase;
  /** Time of the last step. Never moves back. */
  readonly at: number;
  /** When the key was first watched. Silence is measured from then on. */
  readonly armedAt: number;
  /** Last sample that could be read; `null`: none yet. */
  readonly seenAt: number | null;
  /** The latest time in a sample itself; `null`: samples have none. */
  readonly sampleTime: number | null;
  readonly last?: Remembered;
  /** The value before `last`. */
  readonly previous?: Remembered;
  /** The value that was last reported, or the first one. Only for `changed` with `by`. */
  readonly reported?: Remembered;
  /** Results of the leaves at the last sample, in their order. */
  readonly truths: readonly Truth[];
  readonly windows: readonly Buckets[];
  /** When the condition began to hold; `null` while it is clear. */
  readonly since: number | null;
  /** Samples in succession for which the condition held, while it is pending. */
  readonly streak: number;
  /** When the condition to clear began to hold; `null` unless clearing. */
  readonly clearingSince: number | null;
  readonly raisedAt: number | null;
  readonly remindedAt: number | null;
  /** Samples that could not be read, or were older than one before them. */
  readonly unreadable: number;
  /** Key of the message with the last sample; `null`: none yet. */
  readonly message: number | null;
  /** Number of chained watches whose events led to the last sample. */
  readonly depth: number;
  /** Whether the rule names the key in `expect`: it is never forgotten. */
  readonly expected: boolean;
}

export interface NewKey {
  readonly version: number;
  readonly incarnation: number;
  readonly at: number;
  readonly expected: boolean;
}

export function newState(rule: Rule, { version, incarnation, at, expected }: NewKey): KeyState {
  return {
    version,
    incarnation,
    number: 0,
    phase: "clear",
    at,
    armedAt: at,
    seenAt: null,
    sampleTime: null,
    truths: rule.leaves.map(() => null),
    windows: rule.windows.map(() => []),
    since: null,
    streak: 0,
    clearingSince: null,
    raisedAt: null,
    remindedAt: null,
    unreadable: 0,
    message: null,
    depth: 0,
    expected,
  };
}

const FORMAT = 1;
const PHASES: readonly Phase[] = ["clear", "pending", "raised", "clearing"];

interface Stored {
  readonly f: number;
  readonly r: number;
  readonly i: number;
  readonly n: number;
  readonly p: number;
  readonly a: number;
  readonly m: number;
  readonly s: number | null;
  readonly t?: number;
  readonly l?: Remembered;
  readonly b?: Remembered;
  readonly o?: Remembered;
  readonly h: string;
  readonly w: readonly Buckets[];
  readonly c?: number;
  readonly k?: number;
  readonly e?: number;
  readonly u?: number;
  readonly d?: number;
  readonly x?: number;
  readonly g?: number;
  readonly y?: number;
  readonly z?: 1;
}

export function serialise(state: KeyState): string {
  const stored: Stored = {
    f: FORMAT,
    r: state.version,
    i: state.incarnation,
    n: state.number,
    p: PHASES.indexOf(state.phase),
    a: state.at,
    m: state.armedAt,
    s: state.seenAt,
    ...(state.sampleTime === null ? {} : { t: state.sampleTime }),
    ...(state.last === undefined ? {} : { l: state.last }),
    ...(state.previous === undefined ? {} : { b: state.previous }),
    ...(state.reported === undefined ? {} : { o: state.reported }),
    h: state.truths.map((truth) => (truth === null ? "?" : truth ? "1" : "0")).join(""),
    w: state.windows,
    ...(state.since === null ? {} : { c: state.since }),
    ...(state.streak === 0 ? {} : { k: state.streak }),
    ...(state.clearingSince === null ? {} : { e: state.clearingSince }),
    ...(state.raisedAt === null ? {} : { u: state.raisedAt }),
    ...(state.remindedAt === null ? {} : { d: state.remindedAt }),
    ...(state.unreadable === 0 ? {} : { x: state.unreadable }),
    ...(state.message === null ? {} : { g: state.message }),
    ...(state.depth === 0 ? {} : { y: state.depth }),
    ...(state.expected ? { z: 1 } : {}),
  };
  return JSON.stringify(stored);
}

/** @throws {Error} when a newer version of Posthorn wrote the text. */
export function deserialise(text: string): KeyState {
  const stored = JSON.parse(text) as Stored;
  if (stored.f !== FORMAT)
    throw new Error(`The state of a watch has format ${stored.f}; this version reads ${FORMAT}.`);
  return {
    version: stored.r,
    incarnation: stored.i,
    number: stored.n,
    phase: PHASES[stored.p]!,
    at: stored.a,
    armedAt: stored.m,
    seenAt: stored.s,
    sampleTime: stored.t ?? null,
    ...(stored.l === undefined ? {} : { last: stored.l }),
    ...(stored.b === undefined ? {} : { previous: stored.b }),
    ...(stored.o === undefined ? {} : { reported: stored.o }),
    truths: stored.h.split("").map((mark) => (mark === "?" ? null : mark === "1")),
    windows: stored.w,
    since: stored.c ?? null,
    streak: stored.k ?? 0,
    clearingSince: stored.e ?? null,
    raisedAt: stored.u ?? null,
    remindedAt: stored.d ?? null,
    unreadable: stored.x ?? 0,
    message: stored.g ?? null,
    depth: stored.y ?? 0,
    expected: stored.z === 1,
  };
}
