/** Filters on messages as rows of a form, and back. The grammar is in `docs/features/filters.md`. */
import { scalarsOf, scalarsText } from "./scalars.ts";

export const MATCHES = ["all", "any", "none"] as const;
/** How many parts of a group must match. */
export type Match = (typeof MATCHES)[number];

const COMPARISONS = ["gt", "gte", "lt", "lte"] as const;
const TEXTS = ["startsWith", "endsWith", "regex"] as const;
export const FILTER_OPERATORS = [
  "is",
  "isNot",
  "in",
  "notIn",
  ...COMPARISONS,
  "contains",
  "containsNot",
  ...TEXTS,
  "exists",
  "absent",
] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export interface FilterRow {
  /** For lists on the page. */
  readonly id: number;
  /** Names from the root of the message, such as `body.order.lines[*].sku`. */
  readonly path: string;
  readonly operator: FilterOperator;
  readonly value: string;
}

export interface FilterGroup {
  readonly id: number;
  readonly match: Match;
  readonly parts: readonly (FilterRow | FilterGroup)[];
}

/** The filter in the mode in which it is edited. */
export type FilterDraft =
  | { readonly mode: "form"; readonly group: FilterGroup }
  | { readonly mode: "json"; readonly text: string };

let lastId = 0;

export function newRow(fields: Partial<Omit<FilterRow, "id">> = {}): FilterRow {
  return { id: ++lastId, path: "", operator: "is", value: "", ...fields };
}

export function newGroup(match: Match, parts: FilterGroup["parts"] = [newRow()]): FilterGroup {
  return { id: ++lastId, match, parts };
}

export function isFilterGroup(part: FilterRow | FilterGroup): part is FilterGroup {
  return "parts" in part;
}

export function hasValue(operator: FilterOperator): boolean {
  return operator !== "exists" && operator !== "absent";
}

/** The filter as a draft: rows if the form can show it, JSON otherwise. */
export function draftOf(filter: unknown): FilterDraft {
  const group = fromFilter(filter);
  return group === null ? { mode: "json", text: JSON.stringify(filter, null, 2) } : { mode: "form", group };
}

/** The filter that a draft describes. Text that is not JSON is sent as it is: the server rejects it and names the position of the error. */
export function filterOf(draft: FilterDraft): unknown {
  if (draft.mode === "form") return toFilter(draft.group);
  try {
    return JSON.parse(draft.text) as unknown;
  } catch {
    return draft.text;
  }
}

/** Whether every row has a path and a value. */
export function isFilterComplete(draft: FilterDraft): boolean {
  return draft.mode === "json" ? draft.text.trim() !== "" : isGroupComplete(draft.group);
}

function isGroupComplete({ parts }: FilterGroup): boolean {
  const isComplete = (part: FilterRow | FilterGroup): boolean =>
    isFilterGroup(part)
      ? isGroupComplete(part)
      : namesOf(part.path) !== null && (!hasValue(part.operator) || part.value.trim() !== "");
  return parts.length > 0 && parts.every(isComplete);
}

type Json = Readonly<Record<string, unknown>>;

export function toFilter({ match, parts }: FilterGroup): Json {
  if (match === "any") return { $or: parts.map(partFilter) };
  if (match === "none") return { $not: parts.map(partFilter) };
  const merged: Record<string, unknown> = {};
  const others: Json[] = [];
  for (const part of parts) {
    const filter = partFilter(part);
    if (isFilterGroup(part)) {
      const [[name, operand] = ["", null]] = Object.entries(filter);
      if (part.match === "all" || Object.hasOwn(merged, name)) others.push(filter);
      else merged[name] = operand;
    } else if (!mergeRow(merged, part)) others.push(filter);
  }
  return others.length === 0 ? merged : { ...merged, $and: others };
}

function partFilter(part: FilterRow | FilterGroup): Json {
  if (isFilterGroup(part)) return toFilter(part);
  const filter: Record<string, unknown> = {};
  mergeRow(filter, part);
  return filter;
}

/**
 * Adds a row to an object. Rows below one key share an object, so that all its conditions apply to the same list item. Returns false if the
 * object already has a conflicting condition at this path.
 */
function mergeRow(filter: Record<string, unknown>, { path, operator, value }: FilterRow): boolean {
  const names = namesOf(path) ?? [path];
  const last = names.at(-1)!;
  const clause = clauseOf(operator, value);
  let at = filter;
  for (const name of names.slice(0, -1)) {
    const next = at[name] ?? {};
    if (!isObject(next) || isClause(next)) return false;
    at = at[name] = next as Record<string, unknown>;
  }
  const there = at[last];
  if (there === undefined) at[last] = clause;
  else if (isClause(there) && isClause(clause) && !Object.keys(clause).some((name) => Object.hasOwn(there, name))) {
    at[last] = { ...there, ...clause };
  } else return false;
  return true;
}

function clauseOf(operator: FilterOperator, text: string): unknown {
  const value = scalarsOf(text);
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  switch (operator) {
    case "is":
      return Array.isArray(value) ? { $in: value } : value;
    case "isNot":
      return Array.isArray(value) ? { $nin: value } : { $neq: value };
    case "in":
      return { $in: list };
    case "notIn":
      return { $nin: list };
    case "contains":
      return { $in: text };
    case "containsNot":
      return { $nin: text };
    case "exists":
      return { $exists: true };
    case "absent":
      return { $exists: false };
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return { [`$${operator}`]: value };
    case "startsWith":
    case "endsWith":
    case "regex":
      return { [`$${operator}`]: text };
  }
}

/** The filter as rows; `null`: the form cannot show it, because it would not describe the same filter. */
export function fromFilter(filter: unknown): FilterGroup | null {
  if (!isObject(filter)) return null;
  const parts: (FilterRow | FilterGroup)[] = [];
  for (const [name, operand] of Object.entries(filter)) {
    const found = GROUPS[name] === undefined ? rowsOf([name], operand) : groupsOf(GROUPS[name], operand);
    if (found === null) return null;
    parts.push(...found);
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined && isFilterGroup(first) && first.match !== "all"
    ? first
    : newGroup("all", parts);
}

const GROUPS: Readonly<Record<string, Match>> = { $and: "all", $or: "any", $not: "none" };

function groupsOf(match: Match, operand: unknown): readonly FilterGroup[] | null {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const parts = list.map((one) => {
    const group = fromFilter(one);
    const [only, ...more] = group?.match === "all" ? group.parts : [group];
    return only !== undefined && more.length === 0 ? only : group;
  });
  if (parts.length === 0 || parts.includes(null)) return null;
  // The parts of `$and` could conflict in one object, so they keep their own group.
  return match === "all"
    ? (parts as (FilterRow | FilterGroup)[]).map((part) => newGroup("all", [part]))
    : [newGroup(match, parts as (FilterRow | FilterGroup)[])];
}

function rowsOf(names: readonly string[], operand: unknown): readonly FilterRow[] | null {
  const path = pathText(names);
  if (!isObject(operand)) {
    return Array.isArray(operand) ? null : [newRow({ path, operator: "is", value: scalarsText(operand) })];
  }
  const entries = Object.entries(operand);
  if (entries.length === 0) return null;
  if (isClause(operand)) {
    const rows = entries.map(([name, value]) => rowOf(path, name, value));
    return rows.includes(null) ? null : (rows as FilterRow[]);
  }
  const rows = entries.map(([name, value]) => rowsOf([...names, name], value));
  return rows.includes(null) ? null : rows.flatMap((found) => found ?? []);
}

/** The row of an operator such as `$gt`. */
function rowOf(path: string, name: string, operand: unknown): FilterRow | null {
  const isScalar = !isObject(operand) && !Array.isArray(operand);
  const row = (operator: FilterOperator, value: string): FilterRow => newRow({ path, operator, value });
  switch (name) {
    case "$neq":
      return isScalar ? row("isNot", scalarsText(operand)) : null;
    case "$in":
    case "$nin": {
      const isIn = name === "$in";
      if (Array.isArray(operand)) {
        const isPlain = operand.length > 0 && operand.every((one) => typeof one !== "object" || one === null);
        return isPlain ? row(isIn ? "in" : "notIn", scalarsText(operand)) : null;
      }
      return typeof operand === "string" ? row(isIn ? "contains" : "containsNot", operand) : null;
    }
    case "$exists":
    case "$exist":
      return typeof operand === "boolean" ? row(operand ? "exists" : "absent", "") : null;
  }
  const operator = name.slice(1);
  const comparison = COMPARISONS.find((one) => one === operator);
  if (comparison !== undefined) return isScalar ? row(comparison, scalarsText(operand)) : null;
  const text = TEXTS.find((one) => one === operator);
  return text !== undefined && typeof operand === "string" ? row(text, operand) : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an object consists of operators. */
function isClause(value: unknown): value is Json {
  return isObject(value) && Object.keys(value).some((name) => name.startsWith("$") && !name.startsWith("$$"));
}

const NAME = /(?:^|\.)(?:"((?:[^"\\]|\\.)*)"|([^."[\]]+))|(\[(?:\*|-?\d+)\])/gy;

/** The names of a path; `null` if the text is not a path. A name that begins with `$` is written with two in filters. */
export function namesOf(path: string): readonly string[] | null {
  const names: string[] = [];
  let end = 0;
  for (const { 0: whole, 1: quoted, 2: plain, 3: index } of path.trim().matchAll(NAME)) {
    end += whole.length;
    const name = quoted === undefined ? plain : (JSON.parse(`"${quoted}"`) as string);
    names.push(index ?? escaped(name!));
  }
  return names.length > 0 && end === path.trim().length ? names : null;
}

function escaped(name: string): string {
  return name.startsWith("$") ? `$${name}` : name;
}

function pathText(names: readonly string[]): string {
  return names
    .map((name, index) => {
      if (/^\[(?:\*|-?\d+)\]$/.test(name) && index > 0) return name;
      const own = name.startsWith("$$") ? name.slice(1) : name;
      const text = /^[^."[\]\s]+$/.test(own) ? own : JSON.stringify(own);
      return index === 0 ? text : `.${text}`;
    })
    .join("");
}
