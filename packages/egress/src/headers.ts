import { EgressError } from "./errors.ts";

/** Headers that belong to the connection. They are created here; a value from outside could desynchronise it. */
const RESERVED: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Lengths of the names above: a fast test before the names are compared. */
const LENGTHS: ReadonlySet<number> = new Set([...RESERVED, "accept-encoding"].map((name) => name.length));

/**
 * Copies the flat list, adds `Accept-Encoding: identity` unless the caller sets that header, and refuses headers that
 * belong to the connection. undici checks the syntax.
 *
 * @throws {EgressError} `bad_request`.
 */
export function prepareHeaders(headers: readonly string[]): string[] {
  const out = headers.slice();
  let hasEncoding = false;
  for (let index = 0; index < out.length; index += 2) {
    const name = out[index]!;
    if (!LENGTHS.has(name.length)) continue;
    const lower = name.toLowerCase();
    if (lower === "accept-encoding") hasEncoding = true;
    else if (RESERVED.has(lower))
      throw new EgressError("bad_request", `the header ${name} is set by the client itself`);
  }
  if (!hasEncoding) out.push("accept-encoding", "identity");
  return out;
}
