/** Regular expressions from untrusted callers: RE2 syntax, limited before they are compiled, matched in time linear in the text. */
import { RE2JS, RE2JSException } from "re2js";
import { regexCost } from "./regex-cost.ts";

/** Maximum characters of a pattern. */
export const MAX_PATTERN_LENGTH = 1000;
/** Maximum instructions of a compiled pattern. In the worst case each is visited once per character of the text. */
const MAX_PROGRAM_SIZE = 1000;
/** Maximum estimated instructions: above the limit itself, because compilation can merge common prefixes of alternatives. */
const MAX_ESTIMATED_SIZE = 2 * MAX_PROGRAM_SIZE;
/** Maximum work for the character classes of one pattern: about 10 ms. */
export const MAX_CLASS_WORK = 131_072;
/** Maximum characters of a text that is searched. */
export const MAX_REGEX_TEXT = 65_536;

/** The pattern is invalid or too large. The message is written for the author of the pattern. */
export class SafeRegexError extends Error {
  override readonly name = "SafeRegexError";
}

export interface SafeRegex {
  readonly source: string;
  /** Instructions of the compiled pattern. Matching time is at most proportional to this times the length of the text. */
  readonly size: number;
  /** Upper bound of the work of compiling its character classes, in the unit of `MAX_CLASS_WORK`. */
  readonly classWork: number;
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
  /** Start and end of each match that is not empty. */
  matches(text: string): readonly (readonly [start: number, end: number])[];
}

/**
 * Compiles a pattern in RE2 syntax: no look-around, no back-references; `(?i)` at its start ignores case.
 *
 * @throws {SafeRegexError} when the pattern is invalid or too large.
 */
export function compileRegex(source: string): SafeRegex {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new SafeRegexError(`A regular expression can have up to ${MAX_PATTERN_LENGTH} characters.`);
  }
  const known = refusals.get(source);
  if (known !== undefined) throw new SafeRegexError(known);
  try {
    return compileBounded(source);
  } catch (error) {
    if (error instanceof SafeRegexError) refusals.add(source, error.message);
    throw error;
  }
}

function compileBounded(source: string): SafeRegex {
  const { instructions, classWork } = regexCost(source);
  if (instructions > MAX_ESTIMATED_SIZE) throw new SafeRegexError(TOO_LARGE);
  if (classWork > MAX_CLASS_WORK) {
    throw new SafeRegexError(
      "This regular expression has too many character classes that are expensive to compile: use fewer Unicode classes (\\p{…}), and smaller ranges where case is ignored.",
    );
  }
  const compiled = compile(source);
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) throw new SafeRegexError(TOO_LARGE);
  return { source, size, classWork, test: (text) => compiled.test(text), matches: (text) => matchesOf(compiled, text) };
}

function matchesOf(compiled: RE2JS, text: string): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  const matcher = compiled.matcher(text);
  while (matcher.find()) if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
  return found;
}

const TOO_LARGE =
  "This regular expression is too large once its repetitions are written out: use fewer, or smaller ones.";

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    const reason = cause.message.replace(/^error parsing regexp: /, "");
    throw new SafeRegexError(
      `This is not a regular expression in RE2 syntax (no look-around, no back-references): ${reason}`,
      { cause },
    );
  }
}

/** Cache of the most recently rejected patterns and the reasons, so that repeated requests do not repeat the work. */
class Refusals {
  static readonly #MAX = 256;
  readonly #reasons = new Map<string, string>();

  get(source: string): string | undefined {
    return this.#reasons.get(source);
  }

  add(source: string, reason: string): void {
    // Reasons may quote the pattern; cutting them makes the limit on entries a limit on memory, too.
    this.#reasons.set(source, reason.slice(0, MAX_PATTERN_LENGTH + 200));
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > Refusals.#MAX) this.#reasons.delete(oldest!);
  }
}

const refusals = new Refusals();
