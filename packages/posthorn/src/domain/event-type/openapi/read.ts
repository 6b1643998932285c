/** Finds the webhooks of an OpenAPI document. */
import { invalid } from "../../../lib/errors.ts";
import { SchemaConverter } from "./schema.ts";

/** An event type as the document describes it. */
export interface DescribedEventType {
  readonly name: string;
  readonly description: string;
  /** Version 1 of its schema; `null` if the webhook has no JSON body. */
  readonly schema: Record<string, unknown> | null;
  readonly deprecated: boolean;
  readonly groupName: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_EVENT_TYPES = 1000;
/** Maximum size of a schema as JSON. */
const MAX_SCHEMA_BYTES = 256 * 1024;
const NAME = /^[a-zA-Z0-9_.-]{1,256}$/;
const METHODS = ["post", "put", "patch", "get", "delete"] as const;

/** Reads `webhooks` of OpenAPI 3.1, or `x-webhooks` of earlier versions. `field` is the request field with the document. */
export function eventTypesOf(spec: unknown, field: string): readonly DescribedEventType[] {
  if (!isFields(spec)) throw invalid(field, "An OpenAPI document must be an object.");
  const version = spec["openapi"];
  if (typeof version !== "string" || !version.startsWith("3.")) {
    throw invalid(
      [...at(field), "openapi"],
      "This is not an OpenAPI 3 document: its field `openapi` must be 3.0 or 3.1.",
    );
  }
  const section = spec["webhooks"] === undefined ? "x-webhooks" : "webhooks";
  const webhooks = spec[section];
  if (!isFields(webhooks) || Object.keys(webhooks).length === 0) {
    throw invalid(
      [...at(field), "webhooks"],
      "The document has no webhooks. Event types are imported from `webhooks` or `x-webhooks`.",
    );
  }
  const entries = Object.entries(webhooks);
  if (entries.length > MAX_EVENT_TYPES) {
    throw invalid(
      [...at(field), section],
      `The document has ${entries.length} webhooks; up to ${MAX_EVENT_TYPES} can be imported at once.`,
    );
  }
  const converter = new SchemaConverter(spec, at(field));
  return entries.map(([name, item]) => describe({ name, item, place: [...at(field), section, name], converter }));
}

interface Described {
  readonly name: string;
  readonly item: unknown;
  readonly place: readonly string[];
  readonly converter: SchemaConverter;
}

function describe({ name, item, place, converter }: Described): DescribedEventType {
  if (!NAME.test(name)) {
    throw invalid(place, "Not a valid event type name: use up to 256 letters, digits, dots, dashes and underscores.");
  }
  const path = converter.resolve(item, place);
  const method = METHODS.find((candidate) => isFields(path[candidate]));
  if (method === undefined) throw invalid(place, "A webhook must have an operation, such as `post`.");
  const operation = path[method] as Fields;
  const schema = schemaOf(operation, [...place, method], converter);
  if (schema !== null && JSON.stringify(schema).length > MAX_SCHEMA_BYTES) {
    throw invalid([...place, method], `The schema has more than ${MAX_SCHEMA_BYTES} bytes.`);
  }
  const [tag] = Array.isArray(operation["tags"]) ? (operation["tags"] as unknown[]) : [];
  return {
    name,
    description: textOf(operation["description"]) ?? textOf(operation["summary"]) ?? textOf(path["description"]) ?? "",
    schema,
    deprecated: operation["deprecated"] === true,
    groupName: typeof tag === "string" && NAME.test(tag) ? tag : null,
  };
}

function schemaOf(operation: Fields, place: readonly string[], converter: SchemaConverter): Fields | null {
  if (operation["requestBody"] === undefined) return null;
  const body = converter.resolve(operation["requestBody"], [...place, "requestBody"]);
  const content = isFields(body["content"]) ? body["content"] : {};
  const type = Object.keys(content).find((name) => /^application\/([\w.+-]+\+)?json\b/i.test(name));
  const media = type === undefined ? undefined : content[type];
  if (type === undefined || !isFields(media) || media["schema"] === undefined) return null;
  const examples = [...examplesOf(media, converter, place)];
  return converter.convert(media["schema"], [...place, "requestBody", "content", type, "schema"], examples);
}

function* examplesOf(media: Fields, converter: SchemaConverter, place: readonly string[]): Generator {
  if (media["example"] !== undefined) yield media["example"];
  if (!isFields(media["examples"])) return;
  for (const example of Object.values(media["examples"])) {
    const { value } = converter.resolve(example, [...place, "examples"]) as { value?: unknown };
    if (value !== undefined) yield value;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, 65_536) : null;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(field: string): readonly string[] {
  return ["body", field];
}
