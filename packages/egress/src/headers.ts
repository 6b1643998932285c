import { EgressError } from "./errors.ts";

/** Headers that belong to the connection: they are made here, and a value from outside could desynchronise it. */
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

/** Only names of these lengths need a closer look. */
const LENGTHS: ReadonlySet<number> = new Set([...RESERVED, "accept-encoding"].map((name) => name.length));

/**
 * Copies the flat list, adds `Accept-Encoding: identity` when the caller has none, and refuses what belongs to the
 * connection. Syntax is checked by undici.
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
