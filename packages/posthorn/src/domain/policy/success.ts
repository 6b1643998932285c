/** Which responses are a success: by status, and by rules for content type and body. */
import { invalid } from "../../lib/errors.ts";
import { SafeRegexError } from "../../lib/safe-regex.ts";
import { compilePath, JsonPathError } from "../../lib/json-path.ts";
import { rangeOf, type StatusCodes } from "./retry.ts";
import { defineSection } from "./section.ts";
import { compileText, type SuccessClause, type SuccessPreset } from "./success-clauses.ts";

export interface SuccessValues {
  /** Codes, classes such as `2xx`, and ranges such as `200-204`. */
  readonly statusCodes: readonly StatusCodes[];
  /** Rules for a kind of receiver that responds 2xx to failures; they apply in addition to `rules`. */
  readonly preset: "none" | SuccessPreset;
  /** All of them must be met. */
  readonly rules: readonly SuccessClause[];
  /** Result for a response that is too long to be read completely, when a rule needs its body. */
  readonly undecided: "success" | "failure";
}

export const success = defineSection<SuccessValues>({
  tenant: "ManageEndpoint",
  platform: () => ({ statusCodes: ["2xx"], preset: "none", rules: [], undecided: "failure" }),
  check: ({ statusCodes, rules }, check) => {
    for (const [index, code] of (statusCodes ?? []).entries()) {
      if (rangeOf(code) !== null) continue;
      throw invalid(
        [...check.path, "statusCodes", `[${index}]`],
        `"${code}" is not a code such as 204, a class such as 2xx, or a range such as 200-204.`,
      );
    }
    let deep = 0;
    for (const [index, rule] of (rules ?? []).entries()) {
      const path = [...check.path, "rules", `[${index}]`];
      if (checkClause(rule, path)) deep++;
      if (deep > MAX_DEEP_PATHS)
        throw invalid([...path, "path"], `At most ${MAX_DEEP_PATHS} rules may have a path with "..".`);
    }
  },
});

/** Each of them reads every value of a response. */
const MAX_DEEP_PATHS = 2;

const FIELDS = {
  json: { needed: ["path"], one: ["exists", "equals", "notEquals"], optional: [] },
  text: { needed: ["pattern"], one: [], optional: ["found"] },
  contentType: { needed: [], one: ["is", "isNot"], optional: [] },
} as const satisfies Record<SuccessClause["type"], object>;

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/(?:[\w!#$&^.+-]+|\*)$/;

/** Returns whether its path contains `..`. */
function checkClause(rule: SuccessClause, path: readonly string[]): boolean {
  const { needed, one, optional } = FIELDS[rule.type];
  const missing = needed.find((field) => rule[field as keyof SuccessClause] === undefined);
  if (missing !== undefined) throw invalid([...path, missing], `Required for a rule of type ${rule.type}.`);
  if (one.length > 0 && one.filter((field) => field in rule).length !== 1) {
    throw invalid(path, `A rule of type ${rule.type} needs exactly one of ${one.join(", ")}.`);
  }
  const known = new Set<string>(["type", ...needed, ...one, ...optional]);
  const strange = Object.keys(rule).find((field) => !known.has(field));
  if (strange !== undefined) throw invalid([...path, strange], `Not used by a rule of type ${rule.type}. Remove it.`);
  const type = rule.is ?? rule.isNot;
  if (type !== undefined && !MEDIA_TYPE.test(type)) {
    throw invalid(
      [...path, rule.is === undefined ? "isNot" : "is"],
      "This is not a media type such as text/html or text/*.",
    );
  }
  return compiled(rule, path);
}

function compiled(rule: SuccessClause, path: readonly string[]): boolean {
  try {
    if (rule.pattern !== undefined) compileText(rule.pattern);
    return rule.path !== undefined && compilePath(rule.path).deep;
  } catch (error) {
    if (error instanceof JsonPathError) throw invalid([...path, "path"], error.message);
    if (error instanceof SafeRegexError) throw invalid([...path, "pattern"], error.message);
    throw error;
  }
}
