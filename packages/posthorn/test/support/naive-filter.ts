/** A simple implementation of the filter grammar to compare the real evaluator with. It has no limits and reports no paths. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const GONE = Symbol("gone");
type Found = Json | typeof GONE;

export function matches(filter: Json, value: Found): boolean {
  if (isPlain(filter)) return Array.isArray(value) ? value.some((item) => matches(filter, item)) : value === filter;
  if (isList(filter)) return isList(value) && filter.every((wanted) => value.some((item) => matches(wanted, item)));
  const members = Object.entries(filter);
  const operators = members.filter(([name]) => name in OPERATORS);
  const others = members.filter(([name]) => !(name in OPERATORS));
  if (!operators.every(([name, operand]) => OPERATORS[name]!(operand, value))) return false;
  if (operators.length > 0 && others.length === 0) return true;
  return matchesRest(others, value, operators.length > 0);
}

function matchesRest(members: readonly [string, Json][], value: Found, alsoOperators: boolean): boolean {
  if (value === GONE) {
    return (members.length > 0 || alsoOperators) && members.every(([name, operand]) => matchesGone(name, operand));
  }
  if (isList(value)) {
    const places = members.filter(([name]) => /^\[(\*|-?\d+)\]$/.test(name));
    const rest = members.filter((member) => !places.includes(member));
    const inPlace = places.every(([name, operand]) =>
      name === "[*]"
        ? value.some((item) => matches(operand, item))
        : matches(operand, value.at(Number(name.slice(1, -1))) ?? nullOrGone(value, Number(name.slice(1, -1)))),
    );
    if (!inPlace) return false;
    if (rest.length === 0 && places.length > 0) return true;
    return value.some((item) => matchesRest(rest, item, false));
  }
  if (members.length === 0) return !isPlain(value);
  return members.every(([name, operand]) => {
    if (name === "$and") return (operand as Json[]).every((part) => matches(part, value));
    if (name === "$or") return (operand as Json[]).some((part) => matches(part, value));
    if (name === "$not") return !matches(operand, value);
    if (isPlain(value)) return false;
    const key = name.startsWith("$$") ? name.slice(1) : name;
    return matches(operand, Object.hasOwn(value, key) ? (value as Record<string, Json>)[key]! : GONE);
  });
}

function matchesGone(name: string, operand: Json): boolean {
  if (name === "$and") return (operand as Json[]).every((part) => matches(part, GONE));
  if (name === "$or") return (operand as Json[]).some((part) => matches(part, GONE));
  return false;
}

function nullOrGone(list: readonly Json[], place: number): Found {
  return list.at(place) === null ? null : GONE;
}

function isPlain(value: Found): value is string | number | boolean | null {
  return value === null || typeof value !== "object";
}

function isList(value: Found): value is readonly Json[] {
  return Array.isArray(value);
}

function canonical(value: Json): string {
  if (isPlain(value)) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.sort().join()}}`;
}

type Test = (operand: Json, value: Found) => boolean;

const present =
  (test: (operand: Json, value: Json) => boolean): Test =>
  (operand, value) =>
    value !== GONE && test(operand, value);

const ordered = (test: (order: number) => boolean): Test =>
  present((operand, value) => {
    if (typeof operand !== typeof value || (typeof value !== "number" && typeof value !== "string")) return false;
    return test(value < operand! ? -1 : value > operand! ? 1 : 0);
  });

/** Whether one value contains the other; `null`: not defined for these types. */
function inside(operand: Json, value: Json): boolean | null {
  if (isList(operand)) return isPlain(value) ? operand.includes(value) : null;
  if (typeof value === "string") return typeof operand === "string" ? value.includes(operand) : null;
  return isList(value) ? value.includes(operand) : null;
}

const texts = (operand: Json): string[] => (isList(operand) ? (operand as string[]) : [operand as string]);
const onText = (test: (part: string, value: string) => boolean): Test =>
  present((operand, value) => typeof value === "string" && texts(operand).some((part) => test(part, value)));
const exist: Test = (operand, value) => (value !== GONE) === operand;
const onList = (test: (operand: Json, value: readonly Json[]) => boolean): Test =>
  present((operand, value) => isList(value) && test(operand, value));

const OPERATORS: Readonly<Record<string, Test>> = Object.assign(Object.create(null) as object, {
  $eq: present((operand, value) => canonical(operand) === canonical(value)),
  $neq: present((operand, value) => canonical(operand) !== canonical(value)),
  $gt: ordered((order) => order > 0),
  $gte: ordered((order) => order >= 0),
  $lt: ordered((order) => order < 0),
  $lte: ordered((order) => order <= 0),
  $in: present((operand, value) => inside(operand, value) === true),
  $nin: present((operand, value) => inside(operand, value) === false),
  $startsWith: onText((part, value) => value.startsWith(part)),
  $endsWith: onText((part, value) => value.endsWith(part)),
  $exist: exist,
  $exists: exist,
  $regex: onText((part, value) => new RegExp(part).test(value)),
  $any: onList((operand, value) => value.some((item) => matches(operand, item))),
  $every: onList((operand, value) => value.every((item) => matches(operand, item))),
  $none: onList((operand, value) => !value.some((item) => matches(operand, item))),
  $size: onList((operand, value) => matches(operand, value.length)),
});
