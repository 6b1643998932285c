import { digest } from "../crypto/digest.ts";
import type { HashName } from "../crypto/runtime.ts";
import { encodeBase64, equalBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type HeadersInput, readHeaders, requireHeader } from "../request.ts";
import { parseDictionary } from "./structured-fields.ts";

const HEADER = "content-digest";
/** The algorithms that are neither insecure nor reserved (RFC 9530 section 5). */
const ALGORITHMS: Readonly<Record<string, HashName>> = { "sha-256": "sha256", "sha-512": "sha512" };

/** Value of a Content-Digest header (RFC 9530 section 2) over the exact bytes of the body. */
export async function contentDigest(
  body: Uint8Array | string,
  algorithm: "sha-256" | "sha-512" = "sha-256",
): Promise<string> {
  return `${algorithm}=:${encodeBase64(await digest(ALGORITHMS[algorithm]!, [body]))}:`;
}

/**
 * Checks the Content-Digest header against the body. Every digest of a known algorithm must fit; others are ignored.
 * Throws `missing_header`, `malformed_header`, `unsupported_algorithm` or `digest_mismatch`.
 */
export async function verifyContentDigest(request: {
  readonly headers: HeadersInput;
  readonly body: Uint8Array | string;
}): Promise<void> {
  const fields = parseDictionary(requireHeader(readHeaders(request.headers), HEADER));
  if (fields === undefined || fields.size === 0) throw failure("malformed_header", "is not a dictionary of digests");
  let checked = 0;
  for (const [name, member] of fields) {
    const hash = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (hash === undefined) continue;
    if (!("value" in member) || !(member.value instanceof Uint8Array)) {
      throw failure("malformed_header", "has a digest that is not a byte sequence between colons");
    }
    if (!equalBytes(member.value, await digest(hash, [request.body]))) {
      throw failure("digest_mismatch", "does not fit the body: these are not the bytes that were sent");
    }
    checked += 1;
  }
  if (checked === 0) throw failure("unsupported_algorithm", "has neither a sha-256 nor a sha-512 digest");
}

function failure(code: "malformed_header" | "unsupported_algorithm" | "digest_mismatch", what: string): WebhookError {
  return new WebhookError(code, `The Content-Digest header ${what}.`, { headerName: HEADER });
}
