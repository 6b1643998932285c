/** Form fields for a JSON Schema, and changes of the JSON that the form edits. */

type JsonObject = Readonly<Record<string, unknown>>;
/** Property names and array indexes. */
export type FieldPath = readonly (string | number)[];

interface FieldTexts {
  readonly description: string;
}

export type SchemaField = FieldTexts &
  (
    | { readonly kind: "text" | "date" | "date-time" | "number" | "integer" | "boolean" }
    | { readonly kind: "choice"; readonly choices: readonly (string | number | boolean)[] }
    | { readonly kind: "object"; readonly members: readonly Member[] }
    | { readonly kind: "list"; readonly item: SchemaField }
  );

export interface Member {
  readonly name: string;
  readonly title: string;
  readonly isRequired: boolean;
  /** `null`: only the JSON editor can show it. */
  readonly field: SchemaField | null;
}

const MAX_DEPTH = 6;
const MAX_MEMBERS = 100;
/** References to references multiply: a small schema can describe millions of fields. */
const MAX_FIELDS = 500;
/** Maximum length of a chain of references. */
const MAX_REFERENCES = 10;

/** A walk through a schema. */
interface Walk {
  readonly root: unknown;
  /** The schemas from the root to here. Used to detect schemas that refer to themselves. */
  readonly path: readonly JsonObject[];
  readonly budget: { fields: number };
}

/** Fields of an object schema; `null` if a form cannot show it. */
export function objectField(schema: unknown): Extract<SchemaField, { kind: "object" }> | null {
  const field = fieldOf(schema, { root: schema, path: [], budget: { fields: MAX_FIELDS } });
  return field?.kind === "object" && field.members.length > 0 ? field : null;
}

function fieldOf(given: unknown, { root, path, budget }: Walk): SchemaField | null {
  const schema = resolve(given, root);
  if (schema === null || path.length > MAX_DEPTH || path.includes(schema) || budget.fields-- <= 0) return null;
  const inside = { root, path: [...path, schema], budget };
  // Alternatives have no single form.
  if (["oneOf", "anyOf", "allOf", "not", "if", "patternProperties"].some((name) => name in schema)) return null;
  const description = textOf(schema["description"]);
  const choices = choicesOf(schema);
  if (choices !== null) return { kind: "choice", choices, description };
  switch (typeOf(schema)) {
    case "object":
      return objectOf(schema, inside, description);
    case "array": {
      const item = "items" in schema ? fieldOf(schema["items"], inside) : null;
      return item === null ? null : { kind: "list", item, description };
    }
    case "string": {
      const format = schema["format"];
      return { kind: format === "date" || format === "date-time" ? format : "text", description };
    }
    case "number":
      return { kind: "number", description };
    case "integer":
      return { kind: "integer", description };
    case "boolean":
      return { kind: "boolean", description };
    default:
      return null;
  }
}

function objectOf(schema: JsonObject, walk: Walk, description: string): SchemaField | null {
  const properties = schema["properties"];
  if (!isObject(properties)) return null;
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  const members = Object.entries(properties)
    .slice(0, MAX_MEMBERS)
    .map(([name, member]) => ({
      name,
      title: textOf(resolve(member, walk.root)?.["title"]) || name,
      isRequired: required.includes(name),
      field: fieldOf(member, walk),
    }));
  return { kind: "object", members, description };
}

/** The type of values besides `null`; `undefined`: none or several. */
function typeOf(schema: JsonObject): unknown {
  const { type } = schema;
  if (!Array.isArray(type)) return type ?? ("properties" in schema ? "object" : undefined);
  const types = type.filter((name) => name !== "null") as unknown[];
  return types.length === 1 ? types[0] : undefined;
}

function choicesOf(schema: JsonObject): readonly (string | number | boolean)[] | null {
  const values = "const" in schema ? [schema["const"]] : schema["enum"];
  if (!Array.isArray(values) || values.length === 0) return null;
  const known = values.filter((value) => value !== null) as unknown[];
  const fits = known.every((value) => ["string", "number", "boolean"].includes(typeof value));
  return fits ? (known as (string | number | boolean)[]) : null;
}

/** Follows references within the schema. */
function resolve(given: unknown, root: unknown): JsonObject | null {
  let schema = given;
  for (let steps = 0; isObject(schema) && "$ref" in schema; steps++) {
    const ref = schema["$ref"];
    if (steps > MAX_REFERENCES || typeof ref !== "string" || !ref.startsWith("#/")) return null;
    schema = ref
      .slice(2)
      .split("/")
      .map((part) => decoded(part).replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), root);
  }
  return isObject(schema) ? schema : null;
}

/** A part of a reference (RFC 6901, section 6); unchanged if it is not percent-encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A value for a new payload or list item: required members only, with the first choice of each. */
export function initialValue(field: SchemaField): unknown {
  switch (field.kind) {
    case "object":
      return Object.fromEntries(
        field.members.flatMap((member) =>
          member.isRequired && member.field !== null ? [[member.name, initialValue(member.field)]] : [],
        ),
      );
    case "list":
      return [];
    case "choice":
      return field.choices[0];
    case "boolean":
      return false;
    case "number":
    case "integer":
      return 0;
    case "text":
    case "date":
    case "date-time":
      return "";
  }
}

/** The value at the path; `undefined`: there is none. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return (at as unknown[])[step as number];
    return isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }, value);
}

/** A copy of the value with a change at the path. `undefined` removes a member or a list item. */
export function withValue(value: unknown, [step, ...rest]: FieldPath, next: unknown): unknown {
  if (step === undefined) return next;
  const inner = rest.length === 0 ? next : withValue(valueAt(value, [step]), rest, next);
  if (typeof step === "number") {
    const items: unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [];
    if (inner === undefined) items.splice(step, 1);
    else items[step] = inner;
    return items;
  }
  const members = isObject(value) ? Object.entries(value) : [];
  const others = members.filter(([name]) => name !== step);
  if (inner === undefined) return Object.fromEntries(others);
  // A changed member keeps its place.
  return Object.fromEntries(
    others.length === members.length
      ? [...members, [step, inner]]
      : members.map(([name, old]) => [name, name === step ? inner : old]),
  );
}

const NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * The value of a JSON text that a form can edit; `undefined`: it is not an object, or has numbers that would change when it is written again,
 * such as 1.0 or those with more than 15 digits.
 */
export function editableValue(text: string): unknown {
  const isExact = (text.match(NUMBERS) ?? []).every(
    (token) => token.startsWith('"') || String(Number(token)) === token,
  );
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && isExact ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The number that was typed; `undefined` if it is not a number, or JSON would change it. */
export function typedNumber(text: string, isInteger: boolean): number | undefined {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) return undefined;
  if (isInteger ? !Number.isSafeInteger(number) : Math.abs(number) > Number.MAX_SAFE_INTEGER) return undefined;
  return number;
}
