/** Checks the rule of a watch and compiles it. Evaluating a compiled rule cannot fail. */
import { ConditionCompiler } from "./compile-condition.ts";
import { requireDuration } from "./duration.ts";
import { isObject, RuleError, suggestion } from "./problem.ts";
import { readOf } from "./selector.ts";
import type { RuleJson } from "./schema.ts";
import type { Change, Condition, Leaf, Rule } from "./types.ts";

const NAMES = ["read", "when", "for", "times", "until", "hold", "remind", "expect", "forget", "maxKeys"] as const;
/** Members that a watch that reports changes cannot have, because it has no phases. */
const NEEDS_PHASES = ["for", "times", "until", "hold", "remind", "expect"] as const;

/** Largest rule, as JSON. */
export const MAX_RULE_BYTES = 32_768;
export const DEFAULT_FORGET_MS = 30 * 86_400_000;
export const DEFAULT_MAX_KEYS = 10_000;
export const MAX_KEYS = 100_000;
export const MAX_EXPECTED = 1000;
const MAX_TIMES = 10_000;
export const MAX_KEY_LENGTH = 256;

/** @throws {RuleError} with the path and a message for the author of the rule. */
export function compileRule(json: RuleJson): Rule {
  if (!isObject(json)) throw new RuleError([], 'A rule is an object such as {"when": {"above": 80}}.');
  if (Buffer.byteLength(JSON.stringify(json)) > MAX_RULE_BYTES) {
    throw new RuleError([], `A rule can have up to ${MAX_RULE_BYTES} bytes.`);
  }
  for (const name of Object.keys(json)) {
    if ((NAMES as readonly string[]).includes(name)) continue;
    throw new RuleError([name], `Unknown name. A rule has ${NAMES.join(", ")}.${suggestion(name, NAMES)}`);
  }
  const compiler = new ConditionCompiler();
  if (json.when === undefined) throw new RuleError(["when"], 'A rule needs a condition, such as {"above": 80}.');
  const when = compiler.compile(json.when, ["when"], 0);
  const until = json.until === undefined ? null : compiler.compile(json.until, ["until"], 0);
  const { leaves, windows } = compiler;
  const changed = changeIn(json, when, leaves);
  const hasSilent = leaves.some((leaf) => leaf.kind === "silent");
  const read = readOf(json.read, leaves.some(needsValue));
  const rule: Rule = {
    read,
    leaves,
    windows,
    when,
    until,
    forMs: durationOf(json, "for") ?? 0,
    times: timesOf(json, hasSilent),
    holdMs: durationOf(json, "hold") ?? 0,
    remindMs: durationOf(json, "remind"),
    forgetMs: durationOf(json, "forget") ?? DEFAULT_FORGET_MS,
    expect: expectOf(json, read.key !== null),
    maxKeys: maxKeysOf(json),
    changed,
    hasSilent,
  };
  checkForget(rule);
  checkHysteresis(json);
  if (rule.expect.length > rule.maxKeys) throw new RuleError(["expect"], "There are more keys than `maxKeys` allows.");
  return rule;
}

function needsValue(leaf: Leaf): boolean {
  return !(leaf.kind === "silent" || leaf.kind === "filter" || (leaf.kind === "aggregate" && leaf.of === "count"));
}

/** The `changed` of a rule, which stands alone or with other conditions in an `all`. */
function changeIn(json: RuleJson, when: Condition, leaves: readonly Leaf[]): Change | null {
  const changes = leaves.filter((leaf) => leaf.kind === "changed");
  const [change] = changes;
  if (change === undefined) return null;
  const parts = when.kind === "all" ? when.parts : [when];
  const isOutermost = parts.some((part) => part.kind === "leaf" && leaves[part.index] === change);
  if (changes.length > 1 || !isOutermost) {
    throw new RuleError(
      ["when"],
      "`changed` stands alone or directly in the outermost `all`, once, because a change is an event and not a state.",
    );
  }
  const unfit = NEEDS_PHASES.find((name) => json[name] !== undefined);
  if (unfit !== undefined) {
    throw new RuleError(
      [unfit],
      `\`${unfit}\` does not apply to \`changed\`: each change is reported once, immediately.`,
    );
  }
  if (leaves.some((leaf) => leaf.kind === "silent")) {
    throw new RuleError(["when"], "`changed` and `silent` cannot be combined. Use two watches.");
  }
  return change.change;
}

function durationOf(json: RuleJson, name: "for" | "hold" | "remind" | "forget"): number | null {
  const text = json[name];
  return text === undefined ? null : requireDuration(text, [name]);
}

function timesOf({ times }: RuleJson, hasSilent: boolean): number {
  if (times === undefined) return 0;
  if (!Number.isInteger(times) || times < 1 || times > MAX_TIMES) {
    throw new RuleError(["times"], `A whole number from 1 to ${MAX_TIMES}.`);
  }
  if (hasSilent)
    throw new RuleError(["times"], "`times` counts samples, and `silent` is about their absence. Use `for`.");
  return times;
}

function expectOf({ expect }: RuleJson, hasKey: boolean): readonly string[] {
  if (expect === undefined) return [];
  if (!hasKey)
    throw new RuleError(["expect"], "`expect` lists keys, so `read.key` must say where to find the key in a message.");
  if (!Array.isArray(expect) || expect.length === 0 || expect.length > MAX_EXPECTED) {
    throw new RuleError(["expect"], `A list of 1 to ${MAX_EXPECTED} keys.`);
  }
  const wrong = expect.findIndex((key) => typeof key !== "string" || key === "" || key.length > MAX_KEY_LENGTH);
  if (wrong !== -1) throw new RuleError(["expect", String(wrong)], `A key has 1 to ${MAX_KEY_LENGTH} characters.`);
  return [...new Set(expect as readonly string[])];
}

function maxKeysOf({ maxKeys = DEFAULT_MAX_KEYS }: RuleJson): number {
  if (Number.isInteger(maxKeys) && maxKeys >= 1 && maxKeys <= MAX_KEYS) return maxKeys;
  throw new RuleError(["maxKeys"], `A whole number from 1 to ${MAX_KEYS}.`);
}

/** A key whose state is deleted before its silence or window ends would never be reported. */
function checkForget({ leaves, forgetMs, forMs }: Rule): void {
  const longest = Math.max(
    0,
    ...leaves.map((leaf) => (leaf.kind === "silent" ? leaf.ms : "window" in leaf ? leaf.window.ms : 0)),
  );
  if (forgetMs > longest + forMs) return;
  throw new RuleError(
    ["forget"],
    "`forget` must be longer than each `silent`, `over` and `within`, together with `for`.",
  );
}

/** If both the condition and `until` held for a value, each sample would raise and clear the alarm. */
function checkHysteresis({ when, until }: RuleJson): void {
  if (until === undefined) return;
  const isUnderAbove = when.above !== undefined && until.below !== undefined && until.below > when.above;
  const isOverBelow = when.below !== undefined && until.above !== undefined && until.above < when.below;
  if (!isUnderAbove && !isOverBelow) return;
  throw new RuleError(
    ["until"],
    `Values between ${isUnderAbove ? when.above : until.above} and ${isUnderAbove ? until.below : when.below} would raise and clear the watch at the same time. Leave a gap, such as above 80 until below 75.`,
  );
}
