/** Converts an inferred schema to JSON Schema (draft 2020-12). All samples are valid under it. */
import { type Kind, KINDS, type InferredSchema, sortedFields } from "./inferred-schema.ts";

/** JSON Schema of one place, without `$schema` and title. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export function toJsonSchema(title: string, schema: InferredSchema): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...schemaOf(schema) };
}

function schemaOf(schema: InferredSchema): JsonSchema {
  const kinds = kindsOf(schema);
  return {
    ...(kinds.length === 1 ? { type: kinds[0] } : { type: kinds }),
    ...(schema.kinds.has("string") && schema.formats.length > 0 ? { format: schema.formats[0] } : {}),
    ...(schema.kinds.has("array") && schema.items !== null ? { items: schemaOf(schema.items) } : {}),
    ...(schema.kinds.has("object") && !schema.cut ? objectKeywords(schema) : {}),
  };
}

/** Types of a place. `number` includes `integer`. */
export function kindsOf({ kinds }: InferredSchema): readonly Kind[] {
  return KINDS.filter((kind) => kinds.has(kind) && !(kind === "integer" && kinds.has("number")));
}

function objectKeywords(schema: InferredSchema): JsonSchema {
  const fields = sortedFields(schema.fields);
  const required = fields.filter(([, field]) => isRequired(field, schema)).map(([name]) => name);
  return {
    ...(fields.length === 0
      ? {}
      : { properties: Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])) }),
    ...(required.length === 0 ? {} : { required }),
    ...(schema.entries === null ? {} : { additionalProperties: schemaOf(schema.entries) }),
  };
}

/** Whether every object had this field. */
export function isRequired(field: InferredSchema, parent: InferredSchema): boolean {
  return field.seen.count === parent.kinds.get("object")?.count;
}
