/** Converts an inferred schema to JSON Schema (draft 2020-12). All samples are valid under it. */
import { type Kind, KINDS, type InferredSchema, sortedFields } from "./inferred-schema.ts";

/** JSON Schema of one place, without `$schema` and title. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export function toJsonSchema(title: string, shape: InferredSchema): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...schemaOf(shape) };
}

function schemaOf(shape: InferredSchema): JsonSchema {
  const kinds = kindsOf(shape);
  return {
    ...(kinds.length === 1 ? { type: kinds[0] } : { type: kinds }),
    ...(shape.kinds.has("string") && shape.formats.length > 0 ? { format: shape.formats[0] } : {}),
    ...(shape.kinds.has("array") && shape.items !== null ? { items: schemaOf(shape.items) } : {}),
    ...(shape.kinds.has("object") && !shape.cut ? objectKeywords(shape) : {}),
  };
}

/** Types of a place. `number` includes `integer`. */
export function kindsOf({ kinds }: InferredSchema): readonly Kind[] {
  return KINDS.filter((kind) => kinds.has(kind) && !(kind === "integer" && kinds.has("number")));
}

function objectKeywords(shape: InferredSchema): JsonSchema {
  const fields = sortedFields(shape.fields);
  const required = fields.filter(([, field]) => isRequired(field, shape)).map(([name]) => name);
  return {
    ...(fields.length === 0
      ? {}
      : { properties: Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])) }),
    ...(required.length === 0 ? {} : { required }),
    ...(shape.entries === null ? {} : { additionalProperties: schemaOf(shape.entries) }),
  };
}

/** Whether every object had this field. */
export function isRequired(field: InferredSchema, parent: InferredSchema): boolean {
  return field.seen.count === parent.kinds.get("object")?.count;
}
