/** Reads request bodies: JSON whatever the content type says, kept beside its bytes. */
import { isUtf8 } from "node:buffer";
import { ValidationError } from "../errors.ts";

export interface ParsedBody {
  readonly raw: Buffer;
  readonly value: unknown;
}

/** Parses a body. An empty one is an empty object: some clients send nothing where others send `{}`. */
export function parseBody(raw: Buffer): ParsedBody {
  if (raw.length === 0) return { raw, value: {} };
  if (!isUtf8(raw)) throw malformed("It is not UTF-8.");
  try {
    return { raw, value: JSON.parse(raw.toString("utf8")) };
  } catch (cause) {
    throw malformed(positioned(cause instanceof Error ? cause.message : String(cause), raw.length), cause);
  }
}

function malformed(reason: string, cause?: unknown): ValidationError {
  return new ValidationError(
    [{ loc: ["body"], msg: `The body is not JSON. ${reason}`, type: "value_error.jsondecode" }],
    { cause },
  );
}

/** V8 names the place of a mistake, but not when the text ends too early. */
function positioned(message: string, length: number): string {
  const text = message.endsWith(".") ? message : `${message}.`;
  return /position \d+/.test(text) ? text : `${text} (at position ${length})`;
}
