/** First part of an import: parses the document, finds its webhooks and checks their schemas. Runs in a worker thread. */
import { invalid, ValidationError, type ValidationIssue } from "../../../lib/errors.ts";
import { schemaProblem } from "../schema-check.ts";
import { type DescribedEventType, eventTypesOf } from "./read.ts";
import { parseYaml } from "./yaml.ts";

export type OpenApiDescription =
  /** `json`: the event types as JSON, which is faster to send to the main thread than objects. */
  | { readonly kind: "described"; readonly json: string }
  | { readonly kind: "invalid"; readonly issues: readonly ValidationIssue[] };

/** Maximum length of all event types as JSON, in characters. */
const MAX_DESCRIPTION = 8 * 1024 * 1024;

/** Reads the body of an import request, which contains the document in `spec` or its text in `specRaw`. */
export function describeOpenApi(request: Uint8Array): OpenApiDescription {
  try {
    return { kind: "described", json: printed(eventTypesIn(request)) };
  } catch (error) {
    if (error instanceof ValidationError) return { kind: "invalid", issues: error.issues };
    if (!(error instanceof RangeError)) throw error;
    const { issues } = invalid("spec", "The document is nested too deeply.");
    return { kind: "invalid", issues };
  }
}

/** Limits of objects and arrays in a document and of their depth, because they use several times the memory of their text. */
const MAX_CONTAINERS = 1_000_000;
const MAX_DEPTH = 500;

function eventTypesIn(request: Uint8Array): readonly DescribedEventType[] {
  const { spec, specRaw } = parseJson(request, "spec") as { spec?: unknown; specRaw?: string };
  const field = typeof specRaw === "string" ? "specRaw" : "spec";
  const described = eventTypesOf(typeof specRaw === "string" ? parseSpec(specRaw) : spec, field);
  for (const { name, schema } of described) {
    const problem = schema === null ? null : schemaProblem(schema);
    if (problem !== null) throw invalid(["body", field, "webhooks", name], problem);
  }
  return described;
}

/** Parses the text of a document: as YAML if it is not JSON. */
function parseSpec(text: string): unknown {
  try {
    return parseJson(Buffer.from(text), "specRaw");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return parseYaml(text, "specRaw");
  }
}

function parseJson(bytes: Uint8Array, field: string): unknown {
  const { containers, depth } = jsonShape(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (containers <= MAX_CONTAINERS && depth <= MAX_DEPTH) return JSON.parse(text) as unknown;
  throw invalid(
    field,
    `A document can have up to ${MAX_CONTAINERS} objects and arrays, nested up to ${MAX_DEPTH} levels deep. This one exceeds a limit.`,
  );
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts objects and arrays and their depth without parsing. */
function jsonShape(bytes: Uint8Array): { readonly containers: number; readonly depth: number } {
  let containers = 0;
  let open = 0;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((byte & 0xdf) === 0x5b) {
      containers++;
      depth = Math.max(depth, ++open);
    } else if ((byte & 0xdf) === 0x5d) open--;
  }
  return { containers, depth };
}

function printed(described: readonly DescribedEventType[]): string {
  const parts: string[] = [];
  let length = 0;
  for (const eventType of described) {
    const json = JSON.stringify(eventType);
    length += json.length;
    if (length > MAX_DESCRIPTION) {
      throw invalid(
        "spec",
        `The schemas have more than ${MAX_DESCRIPTION} characters in total. Import fewer webhooks at once.`,
      );
    }
    parts.push(json);
  }
  return `[${parts.join(",")}]`;
}
