/** Operators of the filter grammar: the operands they accept and what they test. */
import { compileRegex, type SafeRegex, SafeRegexError } from "../lib/safe-regex.ts";
import { isNumber, sameJson, samePrimitive } from "./evaluate.ts";
import type { Node, OperatorTest, Primitive } from "./types.ts";

/** Context for compiling an operator, in addition to its operand. */
export interface CompileContext {
  compile(value: unknown, path: string): Node;
  /** Counts a regular expression towards the limit per filter. */
  countRegex(path: string): void;
  /** Adds the compilation cost of a regular expression towards the limit per filter. */
  countRegexCost(regex: SafeRegex, path: string): void;
  fail(path: string, message: string): never;
}

type CompileOperator = (operand: unknown, path: string, context: CompileContext) => OperatorTest;

/** By name. The operators of the common grammar first, then Posthorn's own. */
export const OPERATORS: ReadonlyMap<string, CompileOperator> = new Map<string, CompileOperator>([
  ["$eq", (operand) => ({ kind: "test", test: (value, run) => sameJson(value, operand, run) })],
  ["$neq", (operand) => ({ kind: "test", test: (value, run) => !sameJson(value, operand, run) })],
  ["$gt", comparison((order) => order > 0)],
  ["$gte", comparison((order) => order >= 0)],
  ["$lt", comparison((order) => order < 0)],
  ["$lte", comparison((order) => order <= 0)],
  ["$in", membership(false)],
  ["$nin", membership(true)],
  ["$startsWith", affix((text, part) => text.startsWith(part))],
  ["$endsWith", affix((text, part) => text.endsWith(part))],
  ["$exist", existence],
  ["$exists", existence],
  ["$regex", regex],
  ["$any", items("any")],
  ["$every", items("every")],
  ["$none", items("none")],
  ["$size", size],
]);

/** Compares numbers with numbers and strings with strings. Anything else does not match. */
function comparison(wanted: (order: number) => boolean): CompileOperator {
  return (operand, path, context) => {
    if (typeof operand !== "string" && !isNumber(operand)) context.fail(path, "It takes a number or a text.");
    return {
      kind: "test",
      test: (value) => {
        const order = compare(value, operand as string | number);
        return order === null ? null : wanted(order);
      },
    };
  };
}

function compare(value: unknown, operand: string | number | bigint): number | null {
  if (typeof value === "string" && typeof operand === "string") return value < operand ? -1 : Number(value > operand);
  if (isNumber(value) && isNumber(operand)) return value < operand ? -1 : Number(value > operand);
  return null;
}

function isPrimitive(value: unknown): value is Primitive {
  return value === null || typeof value !== "object";
}

function membership(negated: boolean): CompileOperator {
  return (operand, path, context) => {
    if (Array.isArray(operand) ? !operand.every(isPrimitive) : !isPrimitive(operand)) {
      context.fail(path, "It takes a list of texts, numbers, true, false and null, or one of these.");
    }
    return {
      kind: "test",
      test: (value, run) => {
        const found = isMember(value, operand as Primitive | readonly Primitive[], run);
        return found === null ? null : found !== negated;
      },
    };
  };
}

function isMember(value: unknown, operand: Primitive | readonly Primitive[], run: { steps: number }): boolean | null {
  if (Array.isArray(operand)) {
    if (!isPrimitive(value)) return null;
    run.steps -= operand.length >> 3;
    return operand.some((item) => samePrimitive(value, item));
  }
  if (typeof value === "string") return typeof operand === "string" ? value.includes(operand) : null;
  if (!Array.isArray(value)) return null;
  run.steps -= value.length >> 3;
  return value.some((item) => samePrimitive(item, operand));
}

function affix(has: (text: string, part: string) => boolean): CompileOperator {
  return (operand, path, context) => {
    const parts: unknown[] = Array.isArray(operand) ? operand : [operand];
    if (parts.length === 0 || !parts.every((part) => typeof part === "string")) {
      context.fail(path, "It takes a text or a list of texts.");
    }
    return {
      kind: "test",
      test: (value) => (typeof value === "string" ? (parts as string[]).some((part) => has(value, part)) : null),
    };
  };
}

function existence(operand: unknown, path: string, context: CompileContext): OperatorTest {
  if (typeof operand !== "boolean") context.fail(path, "It takes true or false.");
  return { kind: "exists", wanted: operand };
}

function regex(operand: unknown, path: string, context: CompileContext): OperatorTest {
  const sources: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (sources.length === 0) context.fail(path, "It takes a regular expression or a list of them.");
  const regexes = sources.map((source) => {
    context.countRegex(path);
    if (typeof source !== "string")
      return context.fail(path, "It takes a regular expression or a list of them, as text.");
    try {
      const compiled = compileRegex(source);
      context.countRegexCost(compiled, path);
      return compiled;
    } catch (error) {
      if (error instanceof SafeRegexError) return context.fail(path, error.message);
      throw error;
    }
  });
  return { kind: "regex", regexes };
}

function items(quantity: "any" | "every" | "none"): CompileOperator {
  return (operand, path, context) => ({ kind: "items", quantity, node: context.compile(operand, path) });
}

function size(operand: unknown, path: string, context: CompileContext): OperatorTest {
  if (!isNumber(operand) && isPrimitive(operand))
    context.fail(path, 'It takes a number, or operators such as {"$gt": 2}.');
  return { kind: "size", node: context.compile(operand, path) };
}
