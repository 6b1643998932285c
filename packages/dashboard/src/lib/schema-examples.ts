/** Examples of a JSON Schema: those it gives, else one that is put together from its parts. */

type Schema = Readonly<Record<string, unknown>>;

/** Schemas that contain themselves end here. */
const MAX_DEPTH = 6;

export function examplesOf(schema: Schema): readonly unknown[] {
  const given = schema["examples"];
  if (Array.isArray(given) && given.length > 0) return given;
  if (schema["example"] !== undefined) return [schema["example"]];
  const made = madeOf(schema, 0);
  return made === undefined ? [] : [made];
}

function madeOf(schema: Schema, depth: number): unknown {
  const [example] = Array.isArray(schema["examples"]) ? (schema["examples"] as unknown[]) : [];
  const [first] = Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : [];
  const known = schema["const"] ?? schema["default"] ?? schema["example"] ?? example ?? first;
  if (known !== undefined || depth > MAX_DEPTH) return known;
  const properties = schema["properties"] as Readonly<Record<string, Schema>> | undefined;
  if (properties !== undefined) {
    return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, madeOf(of, depth + 1) ?? null]));
  }
  const type = Array.isArray(schema["type"]) ? (schema["type"] as unknown[])[0] : schema["type"];
  switch (type) {
    case "string":
      return schema["format"] === "date-time" ? "2026-01-31T12:00:00Z" : "text";
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
    case "boolean":
      return true;
    case "array": {
      const items = schema["items"] as Schema | undefined;
      return items === undefined ? [] : [madeOf(items, depth + 1) ?? null];
    }
    case "object":
      return {};
    default:
      return undefined;
  }
}
