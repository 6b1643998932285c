/**
 * Conditions of watches as form fields, and back. Numbers stay text while they are edited, so that the server can name the invalid field.
 */
import type { components } from "../api/schema.ts";
import { draftOf, type FilterDraft, filterOf, isFilterComplete, newGroup, newRow } from "./filter-draft.ts";
import { scalarsOf, scalarsText } from "./scalars.ts";

export type WatchCondition = components["schemas"]["WatchCondition"];

export const BOUNDS = ["above", "below", "between", "outside"] as const;
export type Bound = (typeof BOUNDS)[number];
export const AGGREGATES = ["count", "sum", "avg", "min", "max"] as const;
export type Aggregate = (typeof AGGREGATES)[number];
export const GROUPS = ["all", "any", "not"] as const;
export type Group = (typeof GROUPS)[number];
export const CONDITION_KINDS = [
  ...BOUNDS,
  "is",
  "matches",
  "changed",
  "rises",
  "falls",
  "silent",
  "filter",
  ...AGGREGATES,
  ...GROUPS,
] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

/** How a change is described: any, between values, or by a difference. */
export const CHANGES = ["any", "values", "by"] as const;
export type Change = (typeof CHANGES)[number];

/** Texts of the fields of a condition. Those that its kind does not have are kept for when the kind changes back. */
export interface ConditionFields {
  readonly value: string;
  readonly low: string;
  readonly high: string;
  readonly duration: string;
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly filter: FilterDraft;
  readonly bound: Bound;
  readonly change: Change;
}

export interface ConditionDraft {
  /** For lists on the page. */
  readonly id: number;
  readonly kind: ConditionKind;
  readonly fields: ConditionFields;
  readonly parts: readonly ConditionDraft[];
}

const NO_FIELDS: ConditionFields = {
  value: "",
  low: "",
  high: "",
  duration: "",
  by: "",
  from: "",
  to: "",
  filter: { mode: "form", group: newGroup("all", [newRow({ path: "body." })]) },
  bound: "above",
  change: "any",
};

let lastId = 0;

export function newCondition(
  kind: ConditionKind,
  fields: Partial<ConditionFields> = {},
  parts: readonly ConditionDraft[] = [],
): ConditionDraft {
  return { id: ++lastId, kind, fields: { ...NO_FIELDS, ...fields }, parts };
}

export function isGroup(kind: ConditionKind): kind is Group {
  return (GROUPS as readonly string[]).includes(kind);
}

export function isAggregate(kind: ConditionKind): kind is Aggregate {
  return (AGGREGATES as readonly string[]).includes(kind);
}

/** Changes the kind of a condition and keeps the entered values. A new group starts with the previous condition. */
export function withKind(condition: ConditionDraft, kind: ConditionKind): ConditionDraft {
  if (isGroup(kind) && !isGroup(condition.kind)) {
    return newCondition(kind, {}, [condition]);
  }
  if (!isGroup(kind) && isGroup(condition.kind)) {
    const [first = newCondition(kind)] = condition.parts;
    return { ...first, kind: isGroup(first.kind) ? first.kind : kind };
  }
  const parts = kind === "not" ? condition.parts.slice(0, 1) : condition.parts;
  return { ...condition, kind, parts };
}

export function toCondition({ kind, fields, parts }: ConditionDraft): WatchCondition {
  return { [kind]: operandOf(kind, fields, parts) };
}

function operandOf(kind: ConditionKind, fields: ConditionFields, parts: readonly ConditionDraft[]): unknown {
  const { value, duration, by, from, to, filter, bound, change } = fields;
  if (isAggregate(kind)) return { over: duration.trim(), [bound]: boundOf(bound, fields) };
  switch (kind) {
    case "above":
    case "below":
    case "between":
    case "outside":
      return boundOf(kind, fields);
    case "is":
      return scalarsOf(value);
    case "matches":
      return value;
    case "changed":
      if (change === "any") return true;
      if (change === "by") return { by: differenceOf(by) };
      return {
        ...(from.trim() === "" ? {} : { from: scalarsOf(from) }),
        ...(to.trim() === "" ? {} : { to: scalarsOf(to) }),
      };
    case "rises":
    case "falls":
      return { by: differenceOf(by), within: duration.trim() };
    case "silent":
      return duration.trim();
    case "filter":
      return filterOf(filter);
    case "not":
      return parts[0] === undefined ? {} : toCondition(parts[0]);
    case "all":
    case "any":
      return parts.map(toCondition);
  }
}

function boundOf(bound: Bound, { value, low, high }: ConditionFields): unknown {
  return bound === "above" || bound === "below" ? numberOf(value) : [numberOf(low), numberOf(high)];
}

/** A number, or the text if it is not one. Accepts a decimal comma. */
export function numberOf(text: string): number | string {
  const written = text.trim().replace(/^(-?\d+),(\d+)$/, "$1.$2");
  const number = Number(written);
  return written === "" || !Number.isFinite(number) ? text.trim() : number;
}

function differenceOf(text: string): number | string {
  return text.trim().endsWith("%") ? text.trim().replace(",", ".").replace(/\s+%$/, "%") : numberOf(text);
}

export function fromCondition(condition: unknown): ConditionDraft | null {
  if (typeof condition !== "object" || condition === null) return null;
  const entries = Object.entries(condition).filter(([, operand]) => operand !== undefined);
  const [[name, operand] = ["", null]] = entries;
  const kind = CONDITION_KINDS.find((one) => one === name);
  if (kind === undefined || entries.length !== 1) return null;
  if (isGroup(kind)) {
    const list: unknown = kind === "not" ? [operand] : operand;
    const parts = Array.isArray(list) ? list.map(fromCondition) : [null];
    return parts.includes(null) ? null : newCondition(kind, {}, parts as ConditionDraft[]);
  }
  const fields = fieldsOf(kind, operand);
  return fields === null ? null : newCondition(kind, fields);
}

function fieldsOf(kind: ConditionKind, operand: unknown): Partial<ConditionFields> | null {
  const members = (typeof operand === "object" && operand !== null ? operand : {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (isAggregate(kind)) {
    const bounds = BOUNDS.filter((name) => members[name] !== undefined);
    const [bound] = bounds;
    if (bound === undefined || bounds.length > 1) return null;
    return { duration: text(members["over"]), bound, ...boundFields(bound, members[bound]) };
  }
  switch (kind) {
    case "above":
    case "below":
    case "between":
    case "outside":
      return boundFields(kind, operand);
    case "is":
      return { value: scalarsText(operand) };
    case "matches":
      return { value: text(operand) };
    case "silent":
      return { duration: text(operand) };
    case "filter":
      return { filter: draftOf(operand) };
    case "rises":
    case "falls":
      return { by: text(members["by"]), duration: text(members["within"]) };
    case "all":
    case "any":
    case "not":
      return null;
    case "changed":
      if (operand === true) return { change: "any" };
      if (members["by"] !== undefined) return { change: "by", by: text(members["by"]) };
      return {
        change: "values",
        from: members["from"] === undefined ? "" : scalarsText(members["from"]),
        to: members["to"] === undefined ? "" : scalarsText(members["to"]),
      };
  }
}

function boundFields(bound: Bound, operand: unknown): Partial<ConditionFields> {
  if (bound === "above" || bound === "below") return { value: String(operand) };
  const [low, high] = Array.isArray(operand) ? (operand as readonly unknown[]) : [];
  const text = (value: unknown): string =>
    typeof value === "number" || typeof value === "string" ? String(value) : "";
  return { low: text(low), high: text(high) };
}

export function isConditionComplete({ kind, fields, parts }: ConditionDraft): boolean {
  const has = (...names: readonly Exclude<keyof ConditionFields, "filter">[]): boolean =>
    names.every((name) => fields[name].trim() !== "");
  const hasBound = (bound: Bound): boolean =>
    bound === "above" || bound === "below" ? has("value") : has("low", "high");
  if (isAggregate(kind)) return has("duration") && hasBound(fields.bound);
  switch (kind) {
    case "above":
    case "below":
    case "between":
    case "outside":
      return hasBound(kind);
    case "is":
    case "matches":
      return has("value");
    case "changed":
      return fields.change === "any" || (fields.change === "by" ? has("by") : has("from") || has("to"));
    case "rises":
    case "falls":
      return has("by", "duration");
    case "silent":
      return has("duration");
    case "filter":
      return isFilterComplete(fields.filter);
    case "all":
    case "any":
    case "not":
      return parts.length > 0 && parts.every(isConditionComplete);
  }
}
