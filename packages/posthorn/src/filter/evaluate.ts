/** Evaluates compiled filters in bounded time and reports which clause does not hold. */
import { MAX_REGEX_TEXT, type SafeRegex } from "../lib/safe-regex.ts";
import {
  ABSENT,
  FilterError,
  type Group,
  type KeyClause,
  type Nested,
  type Node,
  type Operator,
  type Run,
} from "./types.ts";

/** Work of a regular expression (instructions × characters) that counts as one step. */
const REGEX_WORK_PER_STEP = 500;
const MAX_LIST_DEPTH = 100;

/** Returns the path of the first clause that does not hold, or `null` if all hold. */
export function mismatch(node: Node, value: unknown, run: Run): string | null {
  spend(run, 1);
  switch (node.kind) {
    case "equal":
      return contains(value, node.value, run) ? null : fail(run, node.path, value);
    case "list":
      return Array.isArray(value) ? missingItem(node.items, value, run) : fail(run, node.path, value);
    case "object":
      return objectMismatch(node.operators, node.nested, node.path, value, run);
  }
}

function fail(run: Run, path: string, found: unknown): string {
  run.found = found;
  return path;
}

function spend(run: Run, steps: number): void {
  run.steps -= steps;
  if (run.steps < 0) throw new FilterError("too_costly", "The filter takes too long on this message.");
}

/** Whether a value equals this primitive, or is a list that contains it. */
function contains(value: unknown, wanted: unknown, run: Run): boolean {
  spend(run, 1);
  if (!Array.isArray(value)) return samePrimitive(value, wanted);
  return descend(run, () => value.some((item) => contains(item, wanted, run)));
}

/** Evaluates inside a list. Nested lists are the only nesting that the filter itself does not bound. */
function descend<T>(run: Run, into: () => T): T {
  if (++run.depth > MAX_LIST_DEPTH) {
    throw new FilterError("too_deep", `The body has lists nested more than ${MAX_LIST_DEPTH} levels deep.`);
  }
  const result = into();
  run.depth--;
  return result;
}

/** Compares numbers by value across `number` and `bigint`, everything else by type and value. */
export function samePrimitive(value: unknown, wanted: unknown): boolean {
  if (value === wanted) return true;
  // Only a `number` and a `bigint` can have the same value without being `===`.
  return isNumber(value) && isNumber(wanted) && !(value < wanted) && !(value > wanted);
}

export function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function missingItem(items: readonly Node[], list: readonly unknown[], run: Run): string | null {
  for (const item of items) {
    if (!list.some((element) => mismatch(item, element, run) === null)) return fail(run, item.path, list);
  }
  return null;
}

function objectMismatch(
  operators: readonly Operator[],
  nested: Nested | null,
  path: string,
  value: unknown,
  run: Run,
): string | null {
  for (const operator of operators) {
    const failed = operatorMismatch(operator, value, run);
    if (failed !== null) return failed;
  }
  return nested === null ? null : nestedMismatch(nested, path, value, run);
}

function nestedMismatch(nested: Nested, path: string, value: unknown, run: Run): string | null {
  if (Array.isArray(value)) return listMismatch(nested, path, value, run);
  // `{}` requires an object.
  if (nested.keys.length === 0 && nested.groups.length === 0 && !isObject(value)) return fail(run, path, value);
  for (const group of nested.groups) {
    const failed = groupMismatch(group, value, run);
    if (failed !== null) return failed;
  }
  for (const clause of nested.keys) {
    const failed = keyMismatch(clause, value, run);
    if (failed !== null) return failed;
  }
  return null;
}

/** Clauses with an index apply to the list itself. A single item must satisfy all the others. */
function listMismatch({ keys, groups }: Nested, path: string, list: readonly unknown[], run: Run): string | null {
  const others: KeyClause[] = [];
  for (const clause of keys) {
    if (clause.index === null) {
      others.push(clause);
      continue;
    }
    const failed = placeMismatch(clause, list, run);
    if (failed !== null) return failed;
  }
  if (others.length === 0 && groups.length === 0 && keys.length > 0) return null;
  return itemMismatch({ keys: others, groups }, path, list, run);
}

function itemMismatch(nested: Nested, path: string, list: readonly unknown[], run: Run): string | null {
  const found = descend(run, () =>
    list.some((item) => {
      spend(run, 1);
      return nestedMismatch(nested, path, item, run) === null;
    }),
  );
  return found ? null : fail(run, path, list);
}

function placeMismatch({ index, node }: KeyClause, list: readonly unknown[], run: Run): string | null {
  if (index === "any") {
    const found = list.some((item) => mismatch(node, item, run) === null);
    return found ? null : fail(run, node.path, list);
  }
  const item = list.at(index!);
  return item === undefined ? absentMismatch(node, run) : mismatch(node, item, run);
}

function keyMismatch({ key, node }: KeyClause, value: unknown, run: Run): string | null {
  if (!isObject(value)) return fail(run, node.path, value);
  // Own properties only: `constructor` and `__proto__` match only if the payload contains them.
  if (!Object.hasOwn(value, key)) return absentMismatch(node, run);
  return mismatch(node, value[key], run);
}

/** An absent value satisfies only `$exist: false`, alone or as one alternative of `$or`. */
function absentMismatch(node: Node, run: Run): string | null {
  if (node.kind !== "object") return fail(run, node.path, ABSENT);
  const wrong = node.operators.find((operator) => operator.kind !== "exists" || operator.wanted);
  if (wrong !== undefined) return fail(run, wrong.path, ABSENT);
  const { keys, groups } = node.nested ?? { keys: [], groups: [] };
  if (keys[0] !== undefined) return fail(run, keys[0].node.path, ABSENT);
  for (const group of groups) {
    const failed = absentInGroup(group, run);
    if (failed !== null) return failed;
  }
  const isEmpty = node.operators.length === 0 && groups.length === 0;
  return isEmpty ? fail(run, node.path, ABSENT) : null;
}

function absentInGroup({ kind, nodes, path }: Group, run: Run): string | null {
  if (kind === "not") return fail(run, path, ABSENT);
  const results = nodes.map((node) => absentMismatch(node, run));
  if (kind === "and") return results.find((result) => result !== null) ?? null;
  return results.includes(null) ? null : fail(run, path, ABSENT);
}

function groupMismatch({ kind, path, nodes }: Group, value: unknown, run: Run): string | null {
  switch (kind) {
    case "and":
      for (const node of nodes) {
        const failed = mismatch(node, value, run);
        if (failed !== null) return failed;
      }
      return null;
    case "or":
      return nodes.some((node) => mismatch(node, value, run) === null) ? null : fail(run, path, value);
    case "not":
      return nodes.some((node) => mismatch(node, value, run) === null) ? fail(run, path, value) : null;
  }
}

function operatorMismatch(operator: Operator, value: unknown, run: Run): string | null {
  spend(run, 1);
  return holds(operator, value, run) ? null : fail(run, operator.path, value);
}

function holds(operator: Operator, value: unknown, run: Run): boolean {
  switch (operator.kind) {
    case "exists":
      return operator.wanted;
    case "test":
      return operator.test(value, run) === true;
    case "regex":
      return typeof value === "string" && operator.regexes.some((regex) => search(regex, value, run));
    case "size":
      return Array.isArray(value) && mismatch(operator.node, value.length, run) === null;
    case "items": {
      if (!Array.isArray(value)) return false;
      const matches = (item: unknown): boolean => mismatch(operator.node, item, run) === null;
      if (operator.quantity === "every") return value.every(matches);
      return value.some(matches) === (operator.quantity === "any");
    }
  }
}

function search(regex: SafeRegex, text: string, run: Run): boolean {
  if (text.length > MAX_REGEX_TEXT) {
    throw new FilterError("too_costly", `$regex searches strings of up to ${MAX_REGEX_TEXT} characters.`);
  }
  spend(run, Math.ceil((text.length * regex.size) / REGEX_WORK_PER_STEP));
  return regex.test(text);
}

/** Whether two values are the same JSON, regardless of member order. */
export function sameJson(value: unknown, wanted: unknown, run: Run): boolean {
  spend(run, 1);
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((item, place) => sameJson(value[place], item, run))
    );
  }
  if (!isObject(wanted)) return samePrimitive(value, wanted);
  if (!isObject(value)) return false;
  const keys = Object.keys(wanted);
  return (
    Object.keys(value).length === keys.length &&
    keys.every((key) => Object.hasOwn(value, key) && sameJson(value[key], wanted[key], run))
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
