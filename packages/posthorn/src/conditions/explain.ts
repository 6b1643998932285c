/** Explains why a key is in its phase: the result of each part of its conditions, and what it is waiting for. */
import { evaluate, type Moment } from "./evaluate.ts";
import type { ConditionJson, RuleJson } from "./schema.ts";
import type { KeyState } from "./state.ts";
import type { Condition, Rule, Truth } from "./types.ts";
import { recalled } from "./values.ts";
import { aggregateAt } from "./window.ts";

export interface ExplainedCondition {
  /** Where it is in the rule, such as `when.all.0`. */
  readonly path: string;
  readonly condition: ConditionJson;
  /** `null`: it could not be read, or is not known yet. */
  readonly holds: Truth;
  /** The value that it compares; absent if there is none. */
  readonly value?: unknown;
}

export interface Explanation {
  readonly text: string;
  readonly conditions: readonly ExplainedCondition[];
}

export function explain(rule: Rule, json: RuleJson, state: KeyState, moment: Moment): Explanation {
  const conditions = [
    ...parts(rule.when, json.when, "when", rule, state, moment),
    ...(rule.until === null ? [] : parts(rule.until, json.until!, "until", rule, state, moment)),
  ];
  return { text: textOf(rule, state, moment), conditions };
}

function parts(
  condition: Condition,
  json: ConditionJson,
  path: string,
  rule: Rule,
  state: KeyState,
  moment: Moment,
): readonly ExplainedCondition[] {
  const holds = evaluate(condition, rule, state, moment);
  const own = { path, condition: json, holds, ...valueOf(condition, rule, state, moment) };
  if (condition.kind === "not") return [own, ...parts(condition.part, json.not!, `${path}.not`, rule, state, moment)];
  if (condition.kind === "leaf") return [own];
  const { kind } = condition;
  return [
    own,
    ...condition.parts.flatMap((part, index) =>
      parts(part, json[kind]![index]!, `${path}.${kind}.${index}`, rule, state, moment),
    ),
  ];
}

function valueOf(condition: Condition, rule: Rule, state: KeyState, moment: Moment): { readonly value?: unknown } {
  if (condition.kind !== "leaf") return {};
  const leaf = rule.leaves[condition.index]!;
  if (leaf.kind === "filter") return {};
  if (leaf.kind === "aggregate") {
    return { value: aggregateAt(leaf.window, state.windows[leaf.window.index] ?? [], moment.now) };
  }
  if (leaf.kind === "silent") return { value: state.seenAt === null ? null : new Date(state.seenAt).toISOString() };
  return { value: recalled(state.last) ?? null };
}

function textOf(rule: Rule, state: KeyState, { now }: Moment): string {
  const value = state.last === undefined ? "no sample yet" : `last value ${JSON.stringify(recalled(state.last))}`;
  if (rule.changed !== null) return `Reports changes; ${value}.`;
  switch (state.phase) {
    case "clear":
      return `Clear: the condition does not hold; ${value}.`;
    case "pending":
      return `The condition has held for ${seconds(now - state.since!)}; ${waiting(rule, state)}; ${value}.`;
    case "raised":
      return `Raised at ${iso(state.raisedAt!)}: the condition has held since ${iso(state.since!)}, and ${rule.until === null ? "still holds" : "`until` does not hold yet"}; ${value}.`;
    case "clearing":
      return `Raised at ${iso(state.raisedAt!)}, and cleared once nothing keeps it raised for ${seconds(rule.holdMs)}, so far for ${seconds(now - state.clearingSince!)}; ${value}.`;
  }
}

function waiting(rule: Rule, state: KeyState): string {
  const needs = [
    ...(rule.forMs === 0 ? [] : [`raised once it holds for ${seconds(rule.forMs)}`]),
    ...(rule.times === 0 ? [] : [`${state.streak} of ${rule.times} samples in succession`]),
  ];
  return needs.join(", ");
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
