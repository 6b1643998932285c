/** Redaction rules as they are entered, and how they are compiled. */
import { compilePath, JsonPathError, type PathStep } from "../lib/json-path.ts";
import { compileRegex, type SafeRegex, SafeRegexError } from "../lib/safe-regex.ts";

/** `mask`: a fixed text replaces the value. `hash`: a keyed hash replaces it, which is the same for equal values. */
export const REDACTION_ACTIONS = ["mask", "hash"] as const;
export type RedactionAction = (typeof REDACTION_ACTIONS)[number];

/** Which values of which messages are redacted. Either `path` or `pattern` is set. */
export interface RedactionRule {
  /** JSONPath of values in JSON bodies. */
  readonly path: string | null;
  /** Regular expression of texts in any body. */
  readonly pattern: string | null;
  readonly action: RedactionAction;
  /** Event types; a name that ends in `.*` matches all types with this prefix. `null`: all. */
  readonly eventTypes: readonly string[] | null;
  /** How long the exact body is kept, encrypted, after its last delivery has ended. */
  readonly keepExactMs: number;
}

/** The rule is not valid. The message tells its author why. */
export class RedactionRuleError extends Error {
  override readonly name = "RedactionRuleError";
  readonly field: "path" | "pattern";

  constructor(field: "path" | "pattern", message: string) {
    super(message);
    this.field = field;
  }
}

export interface CompiledRule extends Pick<RedactionRule, "action" | "keepExactMs"> {
  readonly path: readonly PathStep[] | null;
  readonly pattern: SafeRegex | null;
  readonly appliesTo: (eventType: string) => boolean;
}

/** @throws {RedactionRuleError} */
export function compileRule({ path, pattern, action, keepExactMs, eventTypes }: RedactionRule): CompiledRule {
  return {
    action,
    keepExactMs,
    path: path === null ? null : stepsOf(path),
    pattern: pattern === null ? null : patternOf(pattern),
    appliesTo: eventTypesTest(eventTypes),
  };
}

function stepsOf(source: string): readonly PathStep[] {
  try {
    const { steps } = compilePath(source);
    if (steps.some(countsFromEnd)) {
      throw new RedactionRuleError(
        "path",
        "Positions that count from the end of a list are not supported here. Use [*] to redact all items.",
      );
    }
    return steps;
  } catch (error) {
    if (error instanceof JsonPathError) throw new RedactionRuleError("path", error.message);
    throw error;
  }
}

function countsFromEnd(step: PathStep): boolean {
  if (step.kind === "index") return step.index < 0;
  if (step.kind !== "slice") return false;
  return (step.start ?? 0) < 0 || (step.end ?? 0) < 0 || (step.step ?? 1) < 1;
}

function patternOf(source: string): SafeRegex {
  try {
    const regex = compileRegex(source);
    if (regex.test("")) {
      throw new RedactionRuleError(
        "pattern",
        "The pattern matches the empty text. It must match at least a character.",
      );
    }
    return regex;
  } catch (error) {
    if (error instanceof SafeRegexError) throw new RedactionRuleError("pattern", error.message);
    throw error;
  }
}

function eventTypesTest(eventTypes: readonly string[] | null): (eventType: string) => boolean {
  if (eventTypes === null) return () => true;
  const exact = new Set(eventTypes.filter((name) => !name.endsWith(".*")));
  const groups = eventTypes.filter((name) => name.endsWith(".*")).map((name) => name.slice(0, -1));
  return (eventType) => exact.has(eventType) || groups.some((group) => eventType.startsWith(group));
}
