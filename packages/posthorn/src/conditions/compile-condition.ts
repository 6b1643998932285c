/** Compiles conditions to a tree over numbered leaves. */
import { compileFilter, FilterSyntaxError } from "../filter/compile.ts";
import { DOCUMENT_ROOTS } from "../filter/document.ts";
import { compileRegex, MAX_REGEX_TEXT, type SafeRegex, SafeRegexError } from "../lib/safe-regex.ts";
import { requireDuration } from "./duration.ts";
import { isObject, RuleError, suggestion } from "./problem.ts";
import type { Aggregate, Condition, Difference, Leaf, Truth, Window } from "./types.ts";
import { isSame, numberIn, remember } from "./values.ts";
import { windowOf } from "./window.ts";

type Path = readonly string[];

export const MAX_LEAVES = 32;
const MAX_WINDOWS = 4;
const MAX_DEPTH = 8;
const MAX_REGEXES = 5;
const MAX_FILTERS = 5;
const MAX_VALUES = 100;

const BOUNDS = ["above", "below", "between", "outside"] as const;
const AGGREGATES: readonly Aggregate[] = ["count", "sum", "avg", "min", "max"];
const OTHERS = ["is", "matches", "changed", "rises", "falls", "silent", "filter", "all", "any", "not"] as const;
const NAMES: readonly string[] = [...BOUNDS, ...AGGREGATES, ...OTHERS];

export class ConditionCompiler {
  readonly leaves: Leaf[] = [];
  readonly windows: Window[] = [];

  compile(json: unknown, path: Path, depth: number): Condition {
    if (!isObject(json)) throw new RuleError(path, 'A condition is an object such as {"above": 80}.');
    if (depth > MAX_DEPTH) throw new RuleError(path, `Conditions can be nested up to ${MAX_DEPTH} levels deep.`);
    const names = Object.keys(json);
    const unknown = names.find((name) => !NAMES.includes(name));
    if (unknown !== undefined) {
      throw new RuleError(
        [...path, unknown],
        `Unknown condition. It is one of ${NAMES.join(", ")}.${suggestion(unknown, NAMES)}`,
      );
    }
    const [name] = names;
    if (name === undefined) throw new RuleError(path, `A condition is empty. Use one of ${NAMES.join(", ")}.`);
    if (names.length > 1) {
      throw new RuleError(
        path,
        `A condition must have exactly one name, but this one has ${names.join(", ")}. Combine conditions with \`all\` or \`any\`.`,
      );
    }
    return this.#named(name, json[name], [...path, name], depth);
  }

  #named(name: string, operand: unknown, path: Path, depth: number): Condition {
    if (name === "not") return { kind: "not", part: this.compile(operand, path, depth + 1) };
    if (name === "all" || name === "any") {
      if (!Array.isArray(operand) || operand.length === 0)
        throw new RuleError(path, "A list of one or more conditions.");
      const parts = operand.map((part, index) => this.compile(part, [...path, String(index)], depth + 1));
      return { kind: name, parts };
    }
    const leaf = this.#leaf(name, operand, path);
    this.leaves.push(leaf);
    if (this.leaves.length > MAX_LEAVES) throw new RuleError(path, `A rule can have up to ${MAX_LEAVES} conditions.`);
    return { kind: "leaf", index: this.leaves.length - 1 };
  }

  #leaf(name: string, operand: unknown, path: Path): Leaf {
    if (isBound(name)) return { kind: "number", holds: boundOf(name, operand, path) };
    if (isAggregate(name)) return this.#aggregate(name, operand, path);
    switch (name) {
      case "is":
        return { kind: "scalar", holds: equality(valuesOf(operand, path)) };
      case "matches":
        return { kind: "scalar", holds: this.#pattern(operand, path) };
      case "filter":
        return this.#filter(operand, path);
      case "silent":
        return { kind: "silent", ms: requireDuration(operand, path) };
      case "rises":
      case "falls": {
        const { by, within } = membersOf(operand, path, ["by", "within"], '{"by": 10, "within": "10m"}');
        const window = this.#window(
          requireDuration(within, [...path, "within"]),
          name === "rises" ? "min" : "max",
          path,
        );
        return { kind: "trend", direction: name, by: differenceOf(by, [...path, "by"]), window };
      }
      default:
        return changeOf(operand, path);
    }
  }

  #aggregate(of: Aggregate, operand: unknown, path: Path): Leaf {
    const members = membersOf(operand, path, ["over", ...BOUNDS], '{"over": "5m", "above": 100}');
    const bounds = BOUNDS.filter((name) => members[name] !== undefined);
    const [bound] = bounds;
    if (bound === undefined || bounds.length > 1)
      throw new RuleError(path, `Compare it with one of ${BOUNDS.join(", ")}.`);
    const holds = boundOf(bound, members[bound], [...path, bound]);
    const window = this.#window(requireDuration(members["over"], [...path, "over"]), of, path);
    return { kind: "aggregate", of, holds, needsWholeWindow: isTotal(of) && bound !== "above", window };
  }

  #window(ms: number, keeps: Aggregate, path: Path): Window {
    if (this.windows.length === MAX_WINDOWS) {
      throw new RuleError(
        path,
        `A rule can have up to ${MAX_WINDOWS} windows (${[...AGGREGATES, "rises", "falls"].join(", ")}).`,
      );
    }
    const window = windowOf(this.windows.length, ms, keeps);
    this.windows.push(window);
    return window;
  }

  #patterns = 0;

  #pattern(operand: unknown, path: Path): (value: unknown) => Truth {
    if (typeof operand !== "string") throw new RuleError(path, "A regular expression as a string, in RE2 syntax.");
    if (++this.#patterns > MAX_REGEXES)
      throw new RuleError(path, `A rule can have up to ${MAX_REGEXES} regular expressions.`);
    const regex = patternOf(operand, path);
    return (value) => {
      if (typeof value !== "string" && typeof value !== "number") return null;
      const text = String(value);
      return text.length > MAX_REGEX_TEXT ? null : regex.test(text);
    };
  }

  #filters = 0;

  #filter(operand: unknown, path: Path): Leaf {
    if (!isObject(operand)) throw new RuleError(path, 'A filter such as {"body": {"status": "error"}}.');
    if (++this.#filters > MAX_FILTERS) throw new RuleError(path, `A rule can have up to ${MAX_FILTERS} filters.`);
    try {
      return { kind: "filter", filter: compileFilter(JSON.stringify(operand), DOCUMENT_ROOTS) };
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      throw new RuleError(error.path === "" ? path : [...path, error.path], error.message);
    }
  }
}

function isBound(name: string): name is (typeof BOUNDS)[number] {
  return (BOUNDS as readonly string[]).includes(name);
}

function isAggregate(name: string): name is Aggregate {
  return (AGGREGATES as readonly string[]).includes(name);
}

/** Whether an aggregate grows with the number of samples. */
function isTotal(of: Aggregate): boolean {
  return of === "count" || of === "sum";
}

function boundOf(name: (typeof BOUNDS)[number], operand: unknown, path: Path): (value: number) => boolean {
  if (name === "above" || name === "below") {
    if (typeof operand !== "number") throw new RuleError(path, "A number, without quotes and without a unit.");
    return name === "above" ? (value) => value > operand : (value) => value < operand;
  }
  const [low, high] = Array.isArray(operand) && operand.length === 2 ? (operand as readonly unknown[]) : [];
  if (typeof low !== "number" || typeof high !== "number") throw new RuleError(path, "Two numbers, such as [10, 20].");
  if (low > high) throw new RuleError(path, `The lower bound must come first: [${high}, ${low}].`);
  const isInside = (value: number): boolean => value >= low && value <= high;
  return name === "between" ? isInside : (value) => !isInside(value);
}

/** Numbers are equal to texts that are the same number, as they are for thresholds. */
function equality(values: readonly unknown[]): (value: unknown) => Truth {
  const numbers = new Set(values.filter((value) => typeof value === "number"));
  const remembered = values.map(remember);
  return (value) => {
    const number = numberIn(value);
    if (number !== null && numbers.has(number)) return true;
    const actual = remember(value);
    return remembered.some((wanted) => isSame(wanted, actual));
  };
}

/** One scalar or a list of them. */
function valuesOf(operand: unknown, path: Path): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0 || values.length > MAX_VALUES) throw new RuleError(path, `1 to ${MAX_VALUES} values.`);
  const isScalar = (value: unknown): boolean =>
    value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (values.every(isScalar)) return values;
  throw new RuleError(path, "A string, number, boolean or null, or a list of them. For objects, use `filter`.");
}

function patternOf(source: string, path: Path): SafeRegex {
  try {
    return compileRegex(source);
  } catch (error) {
    if (error instanceof SafeRegexError) throw new RuleError(path, error.message);
    throw error;
  }
}

function changeOf(operand: unknown, path: Path): Leaf {
  if (operand === true) return { kind: "changed", change: { from: null, to: null, by: null } };
  const { from, to, by } = membersOf(
    operand,
    path,
    ["from", "to", "by"],
    'true, {"from": "closed", "to": "open"} or {"by": "5%"}',
  );
  if (by !== undefined && (from !== undefined || to !== undefined)) {
    throw new RuleError(path, "`by` cannot be combined with `from` or `to`.");
  }
  const change = {
    from: from === undefined ? null : valuesOf(from, [...path, "from"]),
    to: to === undefined ? null : valuesOf(to, [...path, "to"]),
    by: by === undefined ? null : differenceOf(by, [...path, "by"]),
  };
  return { kind: "changed", change };
}

const PERCENT = /^(\d{1,9}(?:\.\d{1,9})?)%$/;

function differenceOf(by: unknown, path: Path): Difference {
  const percent = typeof by === "string" ? PERCENT.exec(by)?.[1] : undefined;
  const amount = percent === undefined ? by : Number(percent);
  if (typeof amount === "number" && amount > 0) return { amount, isPercent: percent !== undefined };
  throw new RuleError(path, 'A number above 0, or a percentage such as "5%".');
}

function membersOf(
  operand: unknown,
  path: Path,
  names: readonly string[],
  example: string,
): Readonly<Record<string, unknown>> {
  if (!isObject(operand) || Object.keys(operand).length === 0) throw new RuleError(path, `Use ${example}.`);
  const unknown = Object.keys(operand).find((name) => !names.includes(name));
  if (unknown === undefined) return operand;
  throw new RuleError(
    [...path, unknown],
    `Unknown name. It is one of ${names.join(", ")}.${suggestion(unknown, names)}`,
  );
}
