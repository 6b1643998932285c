/** Compiled form of a filter. This folder is pure logic without I/O; filters are stored with their endpoint (`domain/endpoint`). */
import type { SafeRegex } from "../lib/safe-regex.ts";

export type Primitive = string | number | bigint | boolean | null;

/** What stands in place of a value that is not there. */
export const ABSENT = Symbol("absent");

/** One clause. `path` names it to people, such as `body.amount.$gt`. */
export type Node = EqualNode | ListNode | ObjectNode;

export interface EqualNode {
  readonly kind: "equal";
  readonly path: string;
  readonly value: Primitive;
}

/** Every item is found in the list. */
export interface ListNode {
  readonly kind: "list";
  readonly path: string;
  readonly items: readonly Node[];
}

/** All members hold. */
export interface ObjectNode {
  readonly kind: "object";
  readonly path: string;
  /** About the value as a whole, also when it is a list. */
  readonly operators: readonly Operator[];
  /** About the value, or one item of it when it is a list. */
  readonly nested: Nested | null;
}

export interface Nested {
  readonly keys: readonly KeyClause[];
  readonly groups: readonly Group[];
}

export interface KeyClause {
  readonly key: string;
  /** Place in a list that `[0]`, `[-1]` name; `"any"` for `[*]`; `null`: an ordinary key. */
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
  /** Of the value alone. `null`: the operator does not fit its type, which is no match. */
  | { readonly kind: "test"; readonly test: (value: unknown, run: Run) => boolean | null }
  | { readonly kind: "exists"; readonly wanted: boolean }
  | { readonly kind: "items"; readonly quantity: "any" | "every" | "none"; readonly node: Node }
  | { readonly kind: "size"; readonly node: Node }
  | { readonly kind: "regex"; readonly regexes: readonly SafeRegex[] };

/** The state of one evaluation. */
export interface Run {
  /** Steps left; one is about one comparison. */
  steps: number;
  /** Lists in lists that it is in. */
  depth: number;
  /** What stood where the clause failed; {@link ABSENT} when nothing did. */
  found: unknown;
}

/** The evaluation was given up. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  readonly code: FilterErrorCode;

  constructor(code: FilterErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type FilterErrorCode =
  /** The filter asks for `body`, and the body is not JSON. */
  | "not_json"
  /** The body is nested deeper than a filter looks. */
  | "too_deep"
  /** It would take too long. */
  | "too_costly";
