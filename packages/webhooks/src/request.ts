import { WebhookError } from "./errors.ts";

/** The part of the web's `Headers` that is read here: repeated headers come joined by a comma and a space. */
export interface HeadersLike {
  get(name: string): string | null | undefined;
}

/** A plain object such as Node's `request.headers`; names may be in any case, repeated headers may be arrays. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Name and value pairs, repeated headers as repeated pairs. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** Headers in any of the shapes that runtimes and frameworks hand over. */
export type HeadersInput = HeadersLike | HeaderRecord | HeaderPairs;

/** A request as it arrived: nothing parsed, nothing re-encoded. */
export interface WebhookRequest {
  /** HTTP method in upper case. */
  readonly method: string;
  /**
   * Absolute URL as the sender called it, query included. Only schemes that sign the URL read it; behind a proxy it is
   * the public URL, not the one this process listens on.
   */
  readonly url: string;
  readonly headers: HeadersInput;
  /** The exact bytes of the body, empty when there is none. */
  readonly body: Uint8Array;
}

/** Case-insensitive access to headers of any shape. */
export interface HeaderReader {
  /** The values joined by `", "` and trimmed, or `undefined` when the header is absent. An empty header is `""`. */
  get(name: string): string | undefined;
  /** Each value on its own, as far as the source kept them apart (`Headers` and Node join most of them). */
  all(name: string): readonly string[];
}

/** Wraps headers of any shape. Nothing is copied: values are read when asked for. `name` must be in lower case. */
export function readHeaders(headers: HeadersInput): HeaderReader {
  const all = (name: string): readonly string[] => {
    const value = direct(headers, name);
    if (value !== undefined) return [value];
    if (isHeadersLike(headers)) return [];
    const pairs = Array.isArray(headers) ? (headers as HeaderPairs) : Object.entries(headers as HeaderRecord);
    return pairs
      .filter(([key]) => key.toLowerCase() === name)
      .flatMap(([, values]) => values ?? [])
      .map((one) => one.trim());
  };
  return {
    all,
    get(name) {
      const value = direct(headers, name);
      if (value !== undefined) return value;
      const values = all(name);
      return values.length < 2 ? values[0] : values.join(", ");
    },
  };
}

/** The value of a header that must be there, or a `missing_header` error. `name` must be in lower case. */
export function requireHeader(headers: HeaderReader, name: string): string {
  const value = headers.get(name);
  if (value !== undefined && value !== "") return value;
  throw new WebhookError(
    "missing_header",
    `The request has no ${name} header. Does the sender sign, does a proxy strip headers?`,
    { headerName: name },
  );
}

/** Node hands over lower-case names: the usual case is one look-up. An array has no header names of its own. */
function direct(headers: HeadersInput, name: string): string | undefined {
  const value = isHeadersLike(headers)
    ? headers.get(name)
    : Object.hasOwn(headers, name) && (headers as HeaderRecord)[name];
  return typeof value === "string" ? value.trim() : undefined;
}

function isHeadersLike(headers: HeadersInput): headers is HeadersLike {
  // A record may well hold a header called "get", but its value is never a function.
  return typeof (headers as Partial<HeadersLike>).get === "function";
}
