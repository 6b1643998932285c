/** Rules of the success section, and the presets of them. */
import { compileRegex, MAX_CLASS_WORK, type SafeRegex, SafeRegexError } from "../../lib/safe-regex.ts";

/** One object for all types; each type uses its own fields. */
export interface SuccessClause {
  readonly type: "json" | "text" | "contentType";
  /** `json`: path of the value, with one of the three fields that follow. */
  readonly path?: string;
  /** Whether a value exists that is not `null`. */
  readonly exists?: boolean;
  /** A value exists, and every value found equals this. */
  readonly equals?: JsonScalar;
  /** No value found equals this. */
  readonly notEquals?: JsonScalar;
  /** `text`: a regular expression. */
  readonly pattern?: string;
  /** Whether the pattern must match (the default) or must not. */
  readonly found?: boolean;
  /** `contentType`: the type that a response must have. */
  readonly is?: string;
  /** `contentType`: the type that a response must not have. */
  readonly isNot?: string;
}

export type JsonScalar = string | number | boolean | null;

export const SUCCESS_PRESETS = {
  /** Microsoft Teams connectors respond 200 with a sentence about the failure. */
  teams: [
    { type: "text", pattern: String.raw`(?i)webhook message delivery failed|returned HTTP error \d`, found: false },
  ],
  /** Slack responds 200 with `"ok": false`. */
  slack: [{ type: "text", pattern: String.raw`"ok"\s*:\s*false`, found: false }],
  /** GraphQL servers respond 200 with a list of errors. */
  graphql: [{ type: "json", path: "$.errors[*]", exists: false }],
  /** JSON-RPC servers respond 200 with an `error`. */
  "json-rpc": [{ type: "json", path: "$.error", exists: false }],
  /** Hosting providers, login forms and proxies respond with 200 and a page instead of the receiver. */
  "no-html": [{ type: "contentType", isNot: "text/html" }],
} as const satisfies Record<string, readonly SuccessClause[]>;
export type SuccessPreset = keyof typeof SUCCESS_PRESETS;

const MAX_PATTERN = 256;
/** Compiled instructions of a pattern. Together with the length of the text, this bounds the time of a match. */
const MAX_INSTRUCTIONS = 256;

/** @throws {SafeRegexError} */
export function compileText(pattern: string): SafeRegex {
  if (pattern.length > MAX_PATTERN)
    throw new SafeRegexError(`A pattern may have at most ${MAX_PATTERN} characters here.`);
  const regex = compileRegex(pattern);
  if (regex.classWork > MAX_CLASS_WORK / 4) {
    throw new SafeRegexError(
      "This pattern has too many character classes that are expensive to compile. Use fewer Unicode classes, and smaller ranges where case is ignored.",
    );
  }
  if (regex.size <= MAX_INSTRUCTIONS) return regex;
  throw new SafeRegexError(
    "This pattern is too large once its repetitions are expanded. Use fewer or smaller repetitions.",
  );
}
