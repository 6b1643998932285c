/** The request and the response of an attempt as text, to compare attempts line by line. */
import { httpStatus } from "./http-status.ts";

interface Header {
  readonly name: string;
  /** `null`: not stored, because it may be a secret. */
  readonly value: string | null;
}

export interface AttemptRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
}

/** @param hidden Replaces values that are not stored. */
export function requestText({ method, url, headers }: AttemptRequest, body: readonly string[], hidden: string): string {
  return [`${method} ${url}`, ...headerLines(headers, hidden), "", ...body].join("\n");
}

/** @param status 0: there was no response. */
export function responseText(
  status: number,
  headers: readonly Header[],
  body: readonly string[],
  { hidden, none }: { readonly hidden: string; readonly none: string },
): string {
  return [status === 0 ? none : `HTTP ${httpStatus(status)}`, ...headerLines(headers, hidden), "", ...body].join("\n");
}

/** Sorted by name, because the order in which headers were sent has no meaning. */
function headerLines(headers: readonly Header[], hidden: string): readonly string[] {
  return headers.map(({ name, value }) => `${name.toLowerCase()}: ${value ?? hidden}`).toSorted();
}
