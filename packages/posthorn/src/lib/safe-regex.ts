/** Regular expressions from untrusted callers: RE2 syntax, bounded before they are compiled, matched in time linear in the text. */
import { RE2JS, RE2JSException } from "re2js";
import { regexCost } from "./regex-cost.ts";

/** Characters of a pattern. */
export const MAX_PATTERN_LENGTH = 1000;
/** Instructions that a pattern may compile to; each is looked at once for each character at worst. */
const MAX_PROGRAM_SIZE = 1000;
/** Instructions of the estimate: more than the bound itself, since alternatives may share their beginnings once compiled. */
const MAX_ESTIMATED_SIZE = 2 * MAX_PROGRAM_SIZE;
/** Work that the character classes of one pattern may cause: about 10 ms. */
export const MAX_CLASS_WORK = 131_072;
/** Characters of a text that is searched. */
export const MAX_REGEX_TEXT = 65_536;

/** The pattern is not valid or is too large. The message says why, for the person who typed it. */
export class SafeRegexError extends Error {
  override readonly name = "SafeRegexError";
}

export interface SafeRegex {
  readonly source: string;
  /** Instructions of the compiled pattern: with the length of the text the bound on its time. */
  readonly size: number;
  /** Upper bound of the work that compiling its character classes took, in the unit of `MAX_CLASS_WORK`. */
  readonly classWork: number;
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
}

/**
 * Compiles a pattern in the syntax of RE2: no look-around, no back-references; `(?i)` at its start ignores case.
 *
 * @throws {SafeRegexError} when the pattern is not valid, or larger than allowed.
 */
export function compileRegex(source: string): SafeRegex {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new SafeRegexError(`A regular expression may have ${MAX_PATTERN_LENGTH} characters.`);
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
  return { source, size, classWork, test: (text) => compiled.test(text) };
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

/** Patterns that were refused, with the reason: the newest ones, so that repeating a request does not repeat the work. */
class Refusals {
  static readonly #MAX = 256;
  readonly #reasons = new Map<string, string>();

  get(source: string): string | undefined {
    return this.#reasons.get(source);
  }

  add(source: string, reason: string): void {
    // Reasons may quote the pattern, so a bound on the number is a bound on the bytes.
    this.#reasons.set(source, reason.slice(0, MAX_PATTERN_LENGTH + 200));
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > Refusals.#MAX) this.#reasons.delete(oldest!);
  }
}

const refusals = new Refusals();
