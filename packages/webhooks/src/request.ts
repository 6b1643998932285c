import { WebhookError } from "./errors.ts";

/** The part of the web `Headers` class that is used: `get` returns repeated headers joined by a comma and a space. */
export interface HeadersLike {
  /**
   * Value of a header, whose name is passed in lower case; `null` or `undefined` when the request has no such header.
   */
  get(name: string): string | null | undefined;
}

/**
 * Headers as a plain object, such as Node's `request.headers`. Names may be in any case; repeated headers may be
 * arrays.
 */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Headers as pairs of name and value. A repeated header is a repeated pair. */
export type HeaderPairs = readonly (readonly [string, string])[];

/** Headers in any of the forms that runtimes and frameworks provide. */
export type HeadersInput = HeadersLike | HeaderRecord | HeaderPairs;

/** An HTTP request exactly as it arrived: nothing parsed, nothing re-encoded. */
export interface WebhookRequest {
  /** HTTP method in upper case. */
  readonly method: string;
  /**
   * Absolute URL that the sender called, including the query string. Only schemes that sign the URL read it. Behind a
   * proxy it must be the public URL, not the one this process listens on.
   */
  readonly url: string;
  /** Headers in any supported form. */
  readonly headers: HeadersInput;
  /** The exact bytes of the body; empty when there is none. */
  readonly body: Uint8Array;
}

/** Case-insensitive access to headers of any form. */
export interface HeaderReader {
  /**
   * Trimmed value, with repeated headers joined by `", "`; `undefined` when the header is absent. An empty header is
   * `""`.
   */
  get(name: string): string | undefined;
  /** Each value separately, as far as the source kept them apart: `Headers` and Node join most repeated headers. */
  all(name: string): readonly string[];
}

/** Wraps headers of any form without copying them: values are read on demand. `name` must be in lower case. */
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

/** Value of a required header. Throws `missing_header` when it is absent or empty. `name` must be in lower case. */
export function requireHeader(headers: HeaderReader, name: string): string {
  const value = headers.get(name);
  if (value !== undefined && value !== "") return value;
  throw new WebhookError(
    "missing_header",
    `The request has no ${name} header. Check that the sender signs and no proxy removes headers.`,
    { headerName: name },
  );
}

/** Fast path: Node provides lower-case names, so one look-up usually suffices. An array has no properties named like headers. */
function direct(headers: HeadersInput, name: string): string | undefined {
  const value = isHeadersLike(headers)
    ? headers.get(name)
    : Object.hasOwn(headers, name) && (headers as HeaderRecord)[name];
  return typeof value === "string" ? value.trim() : undefined;
}

function isHeadersLike(headers: HeadersInput): headers is HeadersLike {
  // A record may contain a header called "get", but its value is never a function.
  return typeof (headers as Partial<HeadersLike>).get === "function";
}
