/** Limits the payload that is parsed: millions of values would block the event loop, so such a payload counts as unreadable. */
import type { PayloadReader, ProviderDefinition } from "@posthorn/webhooks/provider";
import { hasMoreFieldsThan, hasMoreValuesThan } from "../lib/value-count.ts";

/** Maximum number of values in a JSON body that is parsed. Parsing that many takes 50 ms. */
const MAX_VALUES = 300_000;
/** The same limit for multipart requests, where text in attached files is counted as values. */
const MAX_VALUES_WITH_FILES = 1_000_000;
/** Maximum number of fields in a form that is parsed. */
const MAX_FORM_FIELDS = 100_000;

/**
 * Wraps the definition's payload reader to skip requests with too many values. Their event type is `unknown` unless a header contains it.
 */
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
