/** Response configured for a source, sent instead of the one its provider expects. */
import { openInbound, type ProviderDefinition, select, type WebhookResponse } from "@posthorn/webhooks/provider";
import type { HeadersInput } from "@posthorn/webhooks";
import { responseType, isResponseHeader } from "../domain/source/response-rules.ts";
import type { SourceResponse } from "../domain/source/source.ts";
import { formatOf, parseMediaType } from "../format/media-type.ts";

/** Values for placeholders. */
export interface ResponseValues {
  readonly method: string;
  readonly query: string;
  readonly headers: HeadersInput;
  readonly body: Uint8Array;
  /** Message ID; empty for a duplicate. */
  readonly id: string;
  readonly type: string;
}

/** Longest value that replaces a placeholder. */
const MAX_VALUE = 4096;

/** The response with its placeholders filled in. A missing value becomes an empty string. */
export function configuredResponse(
  response: SourceResponse,
  definition: ProviderDefinition,
  request: ResponseValues,
): WebhookResponse {
  const { "content-type": contentType = "text/plain; charset=utf-8", ...headers } = allowedHeaders(response.headers);
  const escape = escaperOf(contentType);
  const body = response.body.replace(/\{(id|type|(?:header|query|body):[^{}]+)\}/g, (_, place: string) =>
    escape(valueOf(place, definition, request).slice(0, MAX_VALUE)),
  );
  return {
    status: response.status,
    headers: { ...headers, "content-type": responseType(contentType, "source") },
    body,
  };
}

/** Configured headers by lower-case name, without headers that only earlier versions allowed. */
function allowedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const allowed = Object.entries(headers).filter(([name]) => isResponseHeader(name));
  return Object.fromEntries(allowed.map(([name, value]) => [name.toLowerCase(), value]));
}

function valueOf(place: string, definition: ProviderDefinition, request: ResponseValues): string {
  if (place === "id") return request.id;
  if (place === "type") return request.type;
  const inbound = openInbound({ ...request, url: `?${request.query}` }, definition.payload);
  return select(inbound, place.startsWith("header:") ? place.toLowerCase() : place) ?? "";
}

/** Escapes values for a body of this type. */
function escaperOf(contentType: string): (value: string) => string {
  const essence = parseMediaType(contentType)?.essence ?? "";
  if (formatOf(essence) === "json") return (value) => JSON.stringify(value).slice(1, -1);
  if (formatOf(essence) === "form") return (value) => encodeURIComponent(value.toWellFormed());
  if (formatOf(essence) === "xml" || essence === "text/html") {
    return (value) => value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  }
  return (value) => value;
}
