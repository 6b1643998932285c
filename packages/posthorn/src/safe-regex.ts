/** Regular expressions that strangers typed: RE2 syntax, matched in time linear in the text. */
import { RE2JS, RE2JSException } from "re2js";

/** Characters of a pattern. */
export const MAX_PATTERN_LENGTH = 1000;
/** Instructions that a pattern may compile to; each is looked at once for each character at worst. */
const MAX_PROGRAM_SIZE = 1000;
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
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
}

/**
 * Compiles a pattern in the syntax of RE2: no look-around, no back-references; `(?i)` at its start ignores case.
 *
 * @throws {SafeRegexError} when it is no such pattern, or a larger one than is allowed.
 */
export function compileRegex(source: string): SafeRegex {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new SafeRegexError(`A regular expression may have ${MAX_PATTERN_LENGTH} characters.`);
  }
  const compiled = compile(source);
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) {
    throw new SafeRegexError(
      "This regular expression is too large once its repetitions are written out: use fewer, or smaller ones.",
    );
  }
  return { source, size, test: (text) => compiled.test(text) };
}

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
