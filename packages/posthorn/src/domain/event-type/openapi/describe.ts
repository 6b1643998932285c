/** What an import does before it looks at the database: parse the document, find its webhooks, check their schemas. Runs in a worker thread. */
import { invalid, ValidationError, type ValidationIssue } from "../../../errors.ts";
import { schemaTrouble } from "../schema-check.ts";
import { type DescribedEventType, eventTypesOf } from "./read.ts";
import { parseYaml } from "./yaml.ts";

export type OpenApiDescription =
  /** `json`: the event types, as JSON, which crosses to the main thread faster than objects do. */
  | { readonly kind: "described"; readonly json: string }
  | { readonly kind: "invalid"; readonly issues: readonly ValidationIssue[] };

/** Characters of all event types as JSON. */
const MAX_DESCRIPTION = 8 * 1024 * 1024;

/** Reads the body of an import request, which has the document in `spec` or its text in `specRaw`. */
export function describeOpenApi(request: Uint8Array): OpenApiDescription {
  try {
    return { kind: "described", json: printed(eventTypesIn(request)) };
  } catch (error) {
    if (error instanceof ValidationError) return { kind: "invalid", issues: error.issues };
    if (!(error instanceof RangeError)) throw error;
    const { issues } = invalid("spec", "The document is nested too deeply to be read.");
    return { kind: "invalid", issues };
  }
}

function eventTypesIn(request: Uint8Array): readonly DescribedEventType[] {
  const { spec, specRaw } = JSON.parse(Buffer.from(request).toString("utf8")) as { spec?: unknown; specRaw?: string };
  const field = typeof specRaw === "string" ? "specRaw" : "spec";
  const described = eventTypesOf(typeof specRaw === "string" ? parseSpec(specRaw) : spec, field);
  for (const { name, schema } of described) {
    const trouble = schema === null ? null : schemaTrouble(schema);
    if (trouble !== null) throw invalid(["body", field, "webhooks", name], trouble);
  }
  return described;
}

/** Parses the text of a document: as YAML when it is not JSON. */
function parseSpec(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseYaml(text, "specRaw");
  }
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
        `The schemas have more than ${MAX_DESCRIPTION} characters in total: import fewer webhooks at once.`,
      );
    }
    parts.push(json);
  }
  return `[${parts.join(",")}]`;
}
