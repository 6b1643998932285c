/** Words for violations of JSON Schema, as the validator reports them. */
import type { ErrorObject } from "ajv";

export interface Violation {
  readonly error: ErrorObject;
  readonly sentence: string;
}

/** The violations in their order. A value that equals none of several constants violates each of them, but is reported once. */
export function violationsOf(errors: readonly ErrorObject[]): readonly Violation[] {
  const places = new Set(errors.filter(({ keyword }) => isChoice(keyword)).map(({ instancePath }) => instancePath));
  const reported = new Set<string>();
  return errors.flatMap((error): readonly Violation[] => {
    const { instancePath } = error;
    if (!places.has(instancePath)) return [{ error, sentence: sentenceOf(error) }];
    if (reported.has(instancePath)) return [];
    reported.add(instancePath);
    return [{ error, sentence: choiceSentence(errors.filter((other) => other.instancePath === instancePath)) }];
  });
}

function isChoice(keyword: string): boolean {
  return keyword === "const" || keyword === "enum";
}

/** Maximum number of values in a sentence. */
const MAX_VALUES = 40;

/** @param errors Those of one value. */
function choiceSentence(errors: readonly ErrorObject[]): string {
  const allowed = errors.flatMap(({ keyword, params }): readonly string[] => {
    if (keyword === "const") return [JSON.stringify(params["allowedValue"])];
    if (keyword === "enum")
      return (params["allowedValues"] as readonly unknown[]).map((value) => JSON.stringify(value));
    return keyword === "type" ? [typeNames(String(params["type"]))] : [];
  });
  const values = [...new Set(allowed)];
  if (values.length === 1) return `Must be ${values[0]}.`;
  const more = values.length > MAX_VALUES ? ` and ${values.length - MAX_VALUES} more` : "";
  return `Must be one of ${values.slice(0, MAX_VALUES).join(", ")}${more}.`;
}

function sentenceOf({ keyword, message, params }: ErrorObject): string {
  if (keyword === "required") return "This field is required.";
  if (keyword === "additionalProperties") return "Unknown field.";
  if (keyword === "pattern") return `Contains characters that are not allowed (pattern ${String(params["pattern"])}).`;
  if (keyword === "format") return `Not a valid ${String(params["format"])}, such as 2026-01-31T12:00:00Z.`;
  if (keyword === "type") return `Must be ${typeNames(String(params["type"]))}.`;
  if (keyword === "minimum") return `Must be at least ${String(params["limit"])}.`;
  if (keyword === "maximum") return `Must be at most ${String(params["limit"])}.`;
  return message === undefined
    ? "Invalid value."
    : `${message[0]!.toUpperCase()}${message.slice(1).replace("NOT", "not")}.`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: "an object",
  array: "an array",
  string: "a string",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
};

/** Formats JSON Schema types, which the validator separates with commas. */
function typeNames(types: string): string {
  return types
    .split(",")
    .map((type) => TYPE_NAMES[type] ?? type)
    .join(" or ");
}
