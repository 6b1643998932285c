/** Compiled form of a filter. This folder is pure logic without I/O; filters are stored with their endpoint (`domain/endpoint`). */
import type { SafeRegex } from "../lib/safe-regex.ts";

export type Primitive = string | number | bigint | boolean | null;

/** Stands for a missing value. */
export const ABSENT = Symbol("absent");

/** One clause. `path` identifies it for people, such as `body.amount.$gt`. */
export type Node = EqualNode | ListNode | ObjectNode;

export interface EqualNode {
  readonly kind: "equal";
  readonly path: string;
  readonly value: Primitive;
}

/** Every item must be found in the list. */
export interface ListNode {
  readonly kind: "list";
  readonly path: string;
  readonly items: readonly Node[];
}

/** All members must hold. */
export interface ObjectNode {
  readonly kind: "object";
  readonly path: string;
  /** Apply to the value as a whole, even if it is a list. */
  readonly operators: readonly Operator[];
  /** Applies to the value or, if it is a list, to one of its items. */
  readonly nested: Nested | null;
}

export interface Nested {
  readonly keys: readonly KeyClause[];
  readonly groups: readonly Group[];
}

export interface KeyClause {
  readonly key: string;
  /** List index from `[0]` or `[-1]`; `"any"` for `[*]`; `null`: an ordinary key. */
  readonly index: number | "any" | null;
  readonly node: Node;
}

export interface Group {
  readonly kind: "and" | "or" | "not";
  readonly path: string;
  readonly nodes: readonly Node[];
}

export type Operator = { readonly path: string; readonly expected: unknown } & OperatorTest;

export type OperatorTest =
  /** Depends only on the value. `null`: the operator does not apply to its type, which counts as no match. */
  | { readonly kind: "test"; readonly test: (value: unknown, run: Run) => boolean | null }
  | { readonly kind: "exists"; readonly wanted: boolean }
  | { readonly kind: "items"; readonly quantity: "any" | "every" | "none"; readonly node: Node }
  | { readonly kind: "size"; readonly node: Node }
  | { readonly kind: "regex"; readonly regexes: readonly SafeRegex[] };

/** State of one evaluation. */
export interface Run {
  /** Steps left. A step is about one comparison. */
  steps: number;
  /** Current depth of nested lists. */
  depth: number;
  /** Value found where the clause failed; {@link ABSENT} if there was none. */
  found: unknown;
}

/** The evaluation was aborted. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  readonly code: FilterErrorCode;

  constructor(code: FilterErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type FilterErrorCode =
  /** The filter reads `body`, but the body is neither JSON nor a form. */
  | "not_json"
  /** The body is nested too deeply. */
  | "too_deep"
  /** The evaluation would take too long. */
  | "too_costly";
