/** Keeps requests with millions of values from holding the event loop: their payload is not read, as if it were in another format. */
import type { PayloadReader, ProviderDefinition } from "@posthorn/webhooks/provider";
import { hasMoreFieldsThan, hasMoreValuesThan } from "../lib/value-count.ts";

/** Values of a JSON body that is read: parsing as many takes 50 ms. */
const MAX_VALUES = 300_000;
/** The same where files may be attached, whose text looks like values. */
const MAX_VALUES_WITH_FILES = 1_000_000;
/** Fields of a form that is read. */
const MAX_FORM_FIELDS = 100_000;

/** The definition with a payload reader that does not look at requests with too many values. The event type is then `unknown` unless a header has it. */
export function withBoundedPayload(definition: ProviderDefinition): ProviderDefinition {
  const { payload: read = parse } = definition;
  const payload: PayloadReader = (text, contentType) =>
    isReadable(text, contentType) ? read(text, contentType) : undefined;
  return { ...definition, payload };
}

function isReadable(text: string, contentType: string): boolean {
  // Shorter texts cannot have too many values.
  if (text.length <= MAX_FORM_FIELDS) return true;
  if (/^\s*application\/x-www-form-urlencoded\b/i.test(contentType)) return !hasMoreFieldsThan(text, MAX_FORM_FIELDS);
  const hasFiles = /^\s*multipart\//i.test(contentType);
  return !hasMoreValuesThan(text, hasFiles ? MAX_VALUES_WITH_FILES : MAX_VALUES);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
