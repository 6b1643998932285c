/** Returns the examples of a JSON Schema, or generates one. Also used by the dashboard. */

export type Schema = Readonly<Record<string, unknown>>;

/** Depth at which recursive schemas end. */
const MAX_DEPTH = 6;
/** Maximum number of values in a generated example, because references can multiply at each level. */
const MAX_VALUES = 500;

/** A valid value for each format. */
const FORMATS: ReadonlyMap<unknown, string> = new Map([
  ["date", "2026-01-31"],
  ["date-time", "2026-01-31T12:00:00Z"],
  ["time", "12:00:00Z"],
  ["email", "user@example.com"],
  ["hostname", "example.com"],
  ["ipv4", "192.0.2.1"],
  ["ipv6", "2001:db8::1"],
  ["uri", "https://example.com/"],
  ["url", "https://example.com/"],
  ["uuid", "3fa85f64-5717-4562-b3fc-2c963f66afa6"],
]);

/** The examples of a schema, or a generated one; empty if the schema describes no value. */
export function examplesOf(schema: Schema): readonly unknown[] {
  const given = schema["examples"];
  if (Array.isArray(given) && given.length > 0) return given;
  if (schema["example"] !== undefined) return [schema["example"]];
  const made = new Generator(schema).value(schema, 0);
  return made === undefined ? [] : [made];
}

class Generator {
  readonly #root: Schema;
  #values = 0;

  constructor(root: Schema) {
    this.#root = root;
  }

  value(given: unknown, depth: number): unknown {
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH) return undefined;
    const schema = this.#resolved(given);
    if (schema === null) return undefined;
    const known = knownValue(schema);
    if (known !== undefined) return known;
    if (isSchema(schema["properties"])) return this.#object(schema["properties"], depth);
    return this.#ofType(schema, depth);
  }

  /** Resolves a local reference, uses the first alternative, and merges the parts of `allOf`. */
  #resolved(given: unknown): Schema | null {
    if (!isSchema(given)) return null;
    const reference = given["$ref"];
    if (typeof reference === "string") return this.#find(reference);
    const [alternative] = [given["oneOf"], given["anyOf"]].flatMap((list) =>
      Array.isArray(list) ? list : [],
    ) as unknown[];
    if (isSchema(alternative)) return { ...this.#resolved(alternative), ...given, oneOf: undefined, anyOf: undefined };
    if (!Array.isArray(given["allOf"])) return given;
    const parts = (given["allOf"] as unknown[]).map((part) =>
      ++this.#values > MAX_VALUES ? null : this.#resolved(part),
    );
    const properties = [...parts, given].map((part) => part?.["properties"]).filter(isSchema);
    const merged = Object.assign({}, ...parts, given, { allOf: undefined }) as Schema;
    return properties.length === 0 ? merged : { ...merged, properties: Object.assign({}, ...properties) as Schema };
  }

  #find(reference: string): Schema | null {
    if (!reference.startsWith("#/") || ++this.#values > MAX_VALUES) return null;
    const path = reference.slice(2).split("/");
    const found = path.reduce<unknown>(
      (part, name) => (isSchema(part) ? part[name.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      this.#root,
    );
    // Follow only one reference; do not resolve a reference to a reference.
    return isSchema(found) && found["$ref"] === undefined ? this.#resolved(found) : null;
  }

  #object(properties: Schema, depth: number): object {
    const entries = Object.entries(properties).map(([name, of]) => [name, this.value(of, depth + 1) ?? null]);
    return Object.fromEntries(entries) as object;
  }

  #ofType(schema: Schema, depth: number): unknown {
    const type = Array.isArray(schema["type"]) ? (schema["type"] as unknown[])[0] : schema["type"];
    switch (type) {
      case "string":
        return FORMATS.get(schema["format"]) ?? "text";
      case "integer":
      case "number":
        return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
      case "boolean":
        return true;
      case "array": {
        const item = schema["items"] === undefined ? undefined : this.value(schema["items"], depth + 1);
        return item === undefined ? [] : [item];
      }
      case "object":
        return {};
      default:
        return undefined;
    }
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value given in the schema itself. */
function knownValue(schema: Schema): unknown {
  const [example] = Array.isArray(schema["examples"]) ? (schema["examples"] as unknown[]) : [];
  const [first] = Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : [];
  return schema["const"] ?? schema["default"] ?? schema["example"] ?? example ?? first;
}
