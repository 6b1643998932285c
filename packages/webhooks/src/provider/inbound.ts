import { type HeaderReader, readHeaders, type WebhookRequest } from "../request.ts";
import { parseJson } from "./payload.ts";

/** Finds the payload in a body's text. `undefined` when there is none. */
export type PayloadReader = (text: string, contentType: string) => unknown;

/** A request as definitions look at it: every view is made when first asked for. */
export interface Inbound {
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers: HeaderReader;
  /** Value of a header, name in lower case; repeated ones joined by `", "`. */
  readonly header: (name: string) => string | undefined;
  /** First value of a query parameter, decoded. */
  readonly query: (name: string) => string | undefined;
  /** The body as text. Invalid UTF-8 is replaced: for looking, never for checking a signature over the whole body. */
  readonly text: () => string;
  /** The payload as the definition's reader finds it. */
  readonly payload: () => unknown;
}

/** Opens a request for reading. Nothing throws: what is not there is `undefined`. */
export function openInbound(request: WebhookRequest, reader: PayloadReader = parseJson): Inbound {
  const headers = readHeaders(request.headers);
  const text = once(() => new TextDecoder().decode(request.body));
  const payload = once(() => reader(text(), headers.get("content-type") ?? ""));
  const query = once(() => new URLSearchParams(queryOf(request.url)));
  return {
    method: request.method.toUpperCase(),
    url: request.url,
    body: request.body,
    headers,
    header: (name) => headers.get(name),
    query: (name) => query().get(name) ?? undefined,
    text,
    payload,
  };
}

/** The query of an absolute or relative URL, without the question mark. */
export function queryOf(url: string): string {
  return /\?([^#]*)/.exec(url)?.[1] ?? "";
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
