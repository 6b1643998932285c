/** Checks that values are JSON Schemas, in time that grows with their size alone. */
import { Ajv, type AnySchemaObject } from "ajv";

const DRAFT_7 = "http://json-schema.org/draft-07/schema";

/**
 * The metaschema of draft 7, but with `enum` free to repeat itself: the draft only recommends unique values, and comparing each with
 * all the others takes minutes for a long list.
 */
function metaSchema(): AnySchemaObject {
  const draft7 = new Ajv().schemas[DRAFT_7]!.schema as AnySchemaObject;
  const properties = draft7["properties"] as object;
  return { ...draft7, properties: { ...properties, enum: { type: "array", items: true } } };
}

// One instance for all: compiling the metaschema takes longer than most checks, and Ajv does not keep what it validates.
const ajv = new Ajv({ strict: false, meta: false, logger: false });
ajv.addMetaSchema(metaSchema());
const isSchema = ajv.getSchema(DRAFT_7)!;

/** Says why the value is not a JSON Schema of draft 7; `null`: it is one. */
export function schemaTrouble(schema: unknown): string | null {
  try {
    if (isSchema(schema) === true) return null;
    return `Not a JSON Schema of draft 7: ${ajv.errorsText(isSchema.errors, { dataVar: "schema" })}.`;
  } catch (error) {
    // Ajv calls itself for each level, and there are only so many that it can.
    if (error instanceof RangeError) return "Not a JSON Schema of draft 7: it is nested too deeply.";
    throw error;
  }
}
