/** What a sender is answered in place of what its provider expects. */
import { openInbound, type ProviderDefinition, select, type WebhookAnswer } from "@posthorn/webhooks/provider";
import type { HeadersInput } from "@posthorn/webhooks";
import { responseType, isResponseHeader } from "../domain/source/response-rules.ts";
import type { SourceResponse } from "../domain/source/source.ts";
import { formatOf, parseMediaType } from "../format/media-type.ts";

/** What templates are filled from. */
export interface Answered {
  readonly method: string;
  readonly query: string;
  readonly headers: HeadersInput;
  readonly body: Uint8Array;
  /** Id of the message; empty for a duplicate. */
  readonly id: string;
  readonly type: string;
}

/** Longest value of a request that is put into an answer. */
const MAX_VALUE = 4096;

/** The answer of a source, its template filled in. What the request does not have is empty. */
export function configuredResponse(
  response: SourceResponse,
  definition: ProviderDefinition,
  request: Answered,
): WebhookAnswer {
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

/** The headers of the settings under lower-case names, without those that an earlier version let a source set. */
function allowedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const allowed = Object.entries(headers).filter(([name]) => isResponseHeader(name));
  return Object.fromEntries(allowed.map(([name, value]) => [name.toLowerCase(), value]));
}

function valueOf(place: string, definition: ProviderDefinition, request: Answered): string {
  if (place === "id") return request.id;
  if (place === "type") return request.type;
  const inbound = openInbound({ ...request, url: `?${request.query}` }, definition.payload);
  return select(inbound, place.startsWith("header:") ? place.toLowerCase() : place) ?? "";
}

/** Makes a value harmless inside a body of this type. */
function escaperOf(contentType: string): (value: string) => string {
  const essence = parseMediaType(contentType)?.essence ?? "";
  if (formatOf(essence) === "json") return (value) => JSON.stringify(value).slice(1, -1);
  if (formatOf(essence) === "form") return (value) => encodeURIComponent(value.toWellFormed());
  if (formatOf(essence) === "xml" || essence === "text/html") {
    return (value) => value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  }
  return (value) => value;
}
