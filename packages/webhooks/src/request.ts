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
  return isHeadersLike(headers) ? new ReadOfLike(headers) : new ReadOfRecord(headers);
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

// Classes rather than closures: there is a reader for every request, and most of them are asked for two or three headers.
class ReadOfLike implements HeaderReader {
  private readonly headers: HeadersLike;

  constructor(headers: HeadersLike) {
    this.headers = headers;
  }

  get(name: string): string | undefined {
    return this.headers.get(name)?.trim();
  }

  all(name: string): readonly string[] {
    const value = this.get(name);
    return value === undefined ? [] : [value];
  }
}

class ReadOfRecord implements HeaderReader {
  private readonly headers: HeaderRecord | HeaderPairs;

  constructor(headers: HeaderRecord | HeaderPairs) {
    this.headers = headers;
  }

  get(name: string): string | undefined {
    const direct = this.direct(name);
    if (direct !== undefined) return direct;
    const values = this.all(name);
    return values.length < 2 ? values[0] : values.join(", ");
  }

  all(name: string): readonly string[] {
    const direct = this.direct(name);
    if (direct !== undefined) return [direct];
    const { headers } = this;
    const pairs = Array.isArray(headers) ? (headers as HeaderPairs) : Object.entries(headers as HeaderRecord);
    const values: string[] = [];
    for (const [key, value] of pairs) {
      if (value === undefined || key.length !== name.length || key.toLowerCase() !== name) continue;
      for (const one of typeof value === "string" ? [value] : value) values.push(one.trim());
    }
    return values;
  }

  /** Node hands over lower-case names: the usual case is one look-up. An array has no header names of its own. */
  private direct(name: string): string | undefined {
    const record = this.headers as HeaderRecord;
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return typeof value === "string" ? value.trim() : undefined;
  }
}

function isHeadersLike(headers: HeadersInput): headers is HeadersLike {
  // A record may well hold a header called "get", but its value is never a function.
  return typeof (headers as Partial<HeadersLike>).get === "function";
}
