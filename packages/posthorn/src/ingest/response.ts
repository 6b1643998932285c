/** What a sender is answered in place of what its provider expects. */
import { openInbound, type ProviderDefinition, select, type WebhookAnswer } from "@posthorn/webhooks/provider";
import type { HeadersInput } from "@posthorn/webhooks";
import type { SourceResponse } from "../domain/source/source.ts";

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
export function answerOf(response: SourceResponse, definition: ProviderDefinition, request: Answered): WebhookAnswer {
  const headers = lowerCase(response.headers);
  const contentType = (headers["content-type"] ??= "text/plain; charset=utf-8");
  // What a stranger sent must not become a page or a script of ours.
  headers["x-content-type-options"] ??= "nosniff";
  if (!/json|text\/plain/i.test(contentType)) headers["content-security-policy"] ??= "sandbox";
  const escape = escaperOf(contentType);
  const body = response.body.replace(/\{(id|type|(?:header|query|body):[^{}]+)\}/g, (_, place: string) =>
    escape(valueOf(place, definition, request).slice(0, MAX_VALUE)),
  );
  return { status: response.status, headers, body };
}

function valueOf(place: string, definition: ProviderDefinition, request: Answered): string {
  if (place === "id") return request.id;
  if (place === "type") return request.type;
  const inbound = openInbound({ ...request, url: `?${request.query}` }, definition.payload);
  return select(inbound, place.startsWith("header:") ? place.toLowerCase() : place) ?? "";
}

/** Makes a value harmless inside a body of this type. */
function escaperOf(contentType: string): (value: string) => string {
  if (/json/i.test(contentType)) return (value) => JSON.stringify(value).slice(1, -1);
  if (/html|xml/i.test(contentType)) return (value) => value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return (value) => value;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
