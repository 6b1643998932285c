import { EgressError } from "../errors.ts";

/** Error for bytes that are not valid HTTP/1.1. */
export function malformed(what: string): EgressError {
  return new EgressError("protocol", `invalid HTTP: ${what}`);
}

/** Error for a head or trailers over the limit. */
export function tooLarge(limit: number): EgressError {
  return new EgressError("headers_too_large", `the headers exceed the ${limit} bytes of maxHeaderBytes`);
}
