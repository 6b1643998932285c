/** The rules of a success section: their form, and those that come ready made. */
import { compileRegex, MAX_CLASS_WORK, type SafeRegex, SafeRegexError } from "../../lib/safe-regex.ts";

/** One object for all types, of which each uses its own fields. */
export interface SuccessClause {
  readonly type: "json" | "text" | "contentType";
  /** `json`: what to look at, and one of the three that follow. */
  readonly path?: string;
  /** Whether there is a value that is not `null`. */
  readonly exists?: boolean;
  /** There is a value, and every one found is this. */
  readonly equals?: JsonScalar;
  /** None of the values found is this. */
  readonly notEquals?: JsonScalar;
  /** `text`: a regular expression. */
  readonly pattern?: string;
  /** Whether it must be found (the default) or must not. */
  readonly found?: boolean;
  /** `contentType`: the type that an answer must have … */
  readonly is?: string;
  /** … or must not have. */
  readonly isNot?: string;
}

export type JsonScalar = string | number | boolean | null;

export const SUCCESS_PRESETS = {
  /** Connectors of Microsoft Teams answer 200 with a sentence about what failed. */
  teams: [
    { type: "text", pattern: String.raw`(?i)webhook message delivery failed|returned HTTP error \d`, found: false },
  ],
  /** Slack answers 200 with `"ok": false`. */
  slack: [{ type: "text", pattern: String.raw`"ok"\s*:\s*false`, found: false }],
  /** GraphQL answers 200 with a list of errors. */
  graphql: [{ type: "json", path: "$.errors[*]", exists: false }],
  /** JSON-RPC answers 200 with an `error`. */
  "json-rpc": [{ type: "json", path: "$.error", exists: false }],
  /** Pages of hosting providers, log-in forms and proxies come with 200 where the receiver should be. */
  "no-html": [{ type: "contentType", isNot: "text/html" }],
} as const satisfies Record<string, readonly SuccessClause[]>;
export type SuccessPreset = keyof typeof SUCCESS_PRESETS;

const MAX_PATTERN = 256;
/** Instructions of a pattern: with the text above the bound on its time. */
const MAX_INSTRUCTIONS = 256;

/** @throws {SafeRegexError} */
export function compileText(pattern: string): SafeRegex {
  if (pattern.length > MAX_PATTERN) throw new SafeRegexError(`A pattern may have ${MAX_PATTERN} characters here.`);
  const regex = compileRegex(pattern);
  if (regex.classWork > MAX_CLASS_WORK / 4) {
    throw new SafeRegexError(
      "This pattern has too many character classes that are expensive to compile: use fewer Unicode classes, and smaller ranges where case is ignored.",
    );
  }
  if (regex.size <= MAX_INSTRUCTIONS) return regex;
  throw new SafeRegexError(
    "This pattern is too large once its repetitions are written out: use fewer, or smaller ones.",
  );
}
