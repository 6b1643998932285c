/** A shape as JSON Schema (2020-12). Every sample that the shape was learned from is valid under it. */
import { type Kind, KINDS, type Shape, sortedFields } from "./inferred-schema.ts";

/** A schema without its `$schema` and title: what describes one place. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export function toJsonSchema(title: string, shape: Shape): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...schemaOf(shape) };
}

function schemaOf(shape: Shape): JsonSchema {
  const kinds = kindsOf(shape);
  return {
    ...(kinds.length === 1 ? { type: kinds[0] } : { type: kinds }),
    ...(shape.kinds.has("string") && shape.formats.length > 0 ? { format: shape.formats[0] } : {}),
    ...(shape.kinds.has("array") && shape.items !== null ? { items: schemaOf(shape.items) } : {}),
    ...(shape.kinds.has("object") && !shape.cut ? objectKeywords(shape) : {}),
  };
}

/** `number` says `integer` too. */
export function kindsOf({ kinds }: Shape): readonly Kind[] {
  return KINDS.filter((kind) => kinds.has(kind) && !(kind === "integer" && kinds.has("number")));
}

function objectKeywords(shape: Shape): JsonSchema {
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

/** Whether every object of the place had this member. */
export function isRequired(field: Shape, parent: Shape): boolean {
  return field.seen.count === parent.kinds.get("object")?.count;
}
