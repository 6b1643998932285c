/** Compiled rule of a watch, and what evaluating it returns. This folder is pure logic: no clock, no I/O. Times are Unix milliseconds. */
import type { CompiledFilter } from "../filter/compile.ts";
import type { JsonPath } from "../lib/json-path.ts";

/** Three-valued: `null` means that the value could not be read. */
export type Truth = boolean | null;

/** Where a part of a message is read from. */
export type Selector =
  | { readonly kind: "json"; readonly path: JsonPath }
  /** The body as a JSON value, or as text if it is not JSON. */
  | { readonly kind: "body" }
  | { readonly kind: "event"; readonly field: "eventType" | "eventId" | "id" }
  | { readonly kind: "header"; readonly name: string }
  /** A segment of a text that is divided by `/`, counted from 0. */
  | { readonly kind: "segment"; readonly of: "path" | "topic"; readonly index: number };

export interface Read {
  /** Items of a message that are separate readings; `null`: the whole message is one. */
  readonly items: JsonPath | null;
  /** `null`: only the arrival of a message counts. */
  readonly value: Selector | null;
  /** `null`: all messages have the same key, which is empty. */
  readonly key: Selector | null;
  /** `null`: the time when the message was stored. */
  readonly time: Selector | null;
}

export type Aggregate = "count" | "sum" | "avg" | "min" | "max";

/** A condition without parts. */
export type Leaf =
  | { readonly kind: "number"; readonly holds: (value: number) => boolean }
  | { readonly kind: "scalar"; readonly holds: (value: unknown) => Truth }
  | { readonly kind: "filter"; readonly filter: CompiledFilter }
  | { readonly kind: "changed"; readonly change: Change }
  | {
      readonly kind: "trend";
      readonly direction: "rises" | "falls";
      readonly by: Difference;
      readonly window: Window;
    }
  | {
      readonly kind: "aggregate";
      readonly of: Aggregate;
      readonly holds: (value: number) => boolean;
      /** Whether more samples can make it false, so that an incomplete window does not count. */
      readonly needsWholeWindow: boolean;
      readonly window: Window;
    }
  | { readonly kind: "silent"; readonly ms: number };

/** A window over samples. `index`: its place in the state of a key. */
export interface Window {
  readonly index: number;
  readonly ms: number;
  readonly bucketMs: number;
  readonly keeps: Aggregate;
}

/** An absolute difference, or a percentage of the earlier value. */
export interface Difference {
  readonly amount: number;
  readonly isPercent: boolean;
}

export interface Change {
  /** `null`: any value. */
  readonly from: readonly unknown[] | null;
  readonly to: readonly unknown[] | null;
  /** `null`: any difference. */
  readonly by: Difference | null;
}

export type Condition =
  | { readonly kind: "leaf"; readonly index: number }
  | { readonly kind: "all" | "any"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition };

export interface Rule {
  readonly read: Read;
  readonly leaves: readonly Leaf[];
  readonly windows: readonly Window[];
  readonly when: Condition;
  /** `null`: cleared as soon as `when` is false. */
  readonly until: Condition | null;
  readonly forMs: number;
  /** Samples in succession for which `when` must hold; 0: not counted. */
  readonly times: number;
  readonly holdMs: number;
  /** `null`: no reminders. */
  readonly remindMs: number | null;
  readonly forgetMs: number;
  readonly expect: readonly string[];
  readonly maxKeys: number;
  /** The `changed` leaf of a watch that reports changes and has no phases; `null`: it has phases. */
  readonly changed: Change | null;
  readonly hasSilent: boolean;
}

export type Phase = "clear" | "pending" | "raised" | "clearing";

export type TransitionKind = "raised" | "cleared" | "reminded" | "changed";

/** A change that is reported with an event. */
export interface Transition {
  readonly kind: TransitionKind;
  /** Counts the transitions of a key from 1, without gaps. */
  readonly number: number;
  readonly at: number;
  /** When the condition began to hold; `null` for `changed`. */
  readonly since: number | null;
  readonly value: unknown;
  /** The value before; for `changed` with `by`, the value that was last reported. `undefined`: there was none. */
  readonly previous: unknown;
  /** Why a key was cleared other than by its condition. */
  readonly reason: "forgotten" | "rule_changed" | "reset" | null;
  /** The message that caused it, or the last one before a timer did; `null`: there was none. */
  readonly message: number | null;
}

/** One value of a message. */
export interface Reading {
  readonly key: string;
  /** `undefined`: it could not be read. */
  readonly value: unknown;
  /** Time of the sample itself; `null` if it has none, and the time of its message applies. */
  readonly time: number | null;
}
