/** The operations of the server's OpenAPI document, as the API reference shows them. */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Schemas;
  readonly required?: readonly string[];
}

type Schemas = Readonly<Record<string, Schema>>;
type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface DocumentOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly security?: readonly unknown[];
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Schemas };
  readonly tags?: readonly { readonly name: string }[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

export interface Response {
  readonly status: string;
  readonly description: string;
  readonly schema: Schema | null;
}

export interface Operation {
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  /** Schema of the JSON body; `null`: none. */
  readonly body: Schema | null;
  readonly responses: readonly Response[];
  /** Whether request and response are each JSON or empty. Streams, files and forms are not. */
  readonly canBeTried: boolean;
  /** Whether it needs a token. If so, a 401 means that the session has ended. */
  readonly needsToken: boolean;
}

const JSON_TYPE = "application/json";

/** All operations, by tag, in the order of the document's tags. */
export function operationsOf({ paths, tags = [] }: ApiDocument): readonly Operation[] {
  const order = new Map(tags.map(({ name }, place) => [name, place]));
  return Object.entries(paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, raw]) => operationOf(method, path, raw)))
    .toSorted((a, b) => (order.get(a.tag) ?? order.size) - (order.get(b.tag) ?? order.size));
}

function operationOf(method: string, path: string, raw: DocumentOperation): Operation {
  const responses = Object.entries(raw.responses ?? {});
  const successes = responses.filter(([status]) => status.startsWith("2"));
  const types = successes.flatMap(([, { content }]) => Object.keys(content ?? {}));
  const bodies = Object.keys(raw.requestBody?.content ?? {});
  return {
    id: raw.operationId ?? `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? path,
    description: raw.description ?? "",
    tag: raw.tags?.[0] ?? "",
    // Those of the path are required.
    parameters: (raw.parameters ?? []).toSorted((a, b) => Number(b.in === "path") - Number(a.in === "path")),
    body: raw.requestBody?.content?.[JSON_TYPE]?.schema ?? null,
    responses: responses.map(([status, { description = "", content }]) => {
      return { status, description, schema: content?.[JSON_TYPE]?.schema ?? null };
    }),
    canBeTried:
      successes.length > 0 &&
      types.every((type) => type === JSON_TYPE) &&
      (bodies.length === 0 || bodies.includes(JSON_TYPE)),
    needsToken: (raw.security ?? []).length > 0,
  };
}

/** The operations whose summary, path or ID contains all words, in any case. */
export function matchingOperations(operations: readonly Operation[], query: string): readonly Operation[] {
  const words = query.toLowerCase().split(/\s+/);
  return operations.filter(({ summary, path, id, method, tag }) => {
    const text = `${method} ${path} ${summary} ${id} ${tag}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Type of a schema in a few words, such as `string (date-time) | null`. */
export function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeText))].join(" | ");
  const types = typesOf(schema).map((type) => {
    if (type === "array" && schema.items !== undefined) return `array of ${typeText(schema.items)}`;
    return type === "string" && schema.format !== undefined ? `string (${schema.format})` : type;
  });
  return types.length === 0 ? "any" : types.join(" | ");
}

function typesOf({ type, properties }: Schema): readonly string[] {
  if (type === undefined) return properties === undefined ? [] : ["object"];
  return typeof type === "string" ? [type] : type;
}

function nameOf(reference: string): string {
  return reference.split("/").at(-1)!;
}

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
  readonly schema: Schema;
}

/** The fields of an object, of the objects in a list, or of the alternatives of a schema; empty for other schemas. */
export function fieldsOf(schema: Schema, schemas: Schemas): readonly Field[] {
  const { $ref, items, allOf, properties, required = [] } = schema;
  if ($ref !== undefined) {
    const target = schemas[nameOf($ref)];
    return target === undefined ? [] : fieldsOf(target, schemas);
  }
  const parts = allOf ?? schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) {
    const fields = parts.flatMap((part) => fieldsOf(part, schemas));
    return [...new Map(fields.map((field) => [field.name, field])).values()];
  }
  if (items !== undefined) return fieldsOf(items, schemas);
  return Object.entries(properties ?? {}).map(([name, field]) => {
    const { description = "" } = field;
    return { name, type: typeText(field), isRequired: required.includes(name), description, schema: field };
  });
}

/** Nested required objects of an example. */
const MAX_DEPTH = 4;
const EXAMPLES: Readonly<Record<string, unknown>> = {
  uri: "https://example.com/webhooks",
  "date-time": "2030-01-01T00:00:00Z",
  date: "2030-01-01",
  email: "name@example.com",
};

/** A value that matches the schema: required fields only, and the payload of a message. */
export function exampleOf(schema: Schema, schemas: Schemas, depth = 0): unknown {
  const { $ref, examples, anyOf, oneOf, allOf } = schema;
  const [known = schema.const ?? schema.default ?? schema.enum?.[0]] = examples ?? [];
  if (known !== undefined) return known;
  if (depth > MAX_DEPTH) return null;
  if ($ref !== undefined) {
    const target = schemas[nameOf($ref)];
    return target === undefined ? null : exampleOf(target, schemas, depth);
  }
  const [part] = anyOf ?? oneOf ?? allOf ?? [];
  if (part !== undefined) return exampleOf(part, schemas, depth);
  const [type] = typesOf(schema);
  switch (type) {
    case "object": {
      const fields = fieldsOf(schema, schemas).filter(({ name, isRequired }) => isRequired || name === "payload");
      return Object.fromEntries(fields.map((field) => [field.name, exampleOf(field.schema, schemas, depth + 1)]));
    }
    case "array":
      return schema.items === undefined ? [] : [exampleOf(schema.items, schemas, depth + 1)];
    case "string":
      return EXAMPLES[schema.format ?? ""] ?? "string";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return false;
    case undefined:
    default:
      return null;
  }
}

export interface RequestValues {
  /** URL of the server, without a trailing slash. */
  readonly server: string;
  /** Text of each parameter by name. Empty ones are left out, except those of the path. */
  readonly values: Readonly<Record<string, string>>;
}

/** URL and headers of a call. Parameters of the path without a value keep their braces. */
export function requestOf(
  { path, parameters }: Operation,
  { server, values }: RequestValues,
): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  const given = (place: Parameter["in"]): readonly (readonly [string, string])[] =>
    parameters
      .filter((one) => one.in === place && (values[one.name] ?? "") !== "")
      .map(({ name }) => [name, values[name]!]);
  const filled = given("path").reduce(
    (url, [name, value]) => url.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const query = new URLSearchParams(given("query").map(([name, value]) => [name, value])).toString();
  return { url: `${server}${filled}${query === "" ? "" : `?${query}`}`, headers: Object.fromEntries(given("header")) };
}
