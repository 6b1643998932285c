import { digest } from "../crypto/digest.ts";
import type { HashName } from "../crypto/runtime.ts";
import { encodeBase64, equalBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type HeadersInput, readHeaders, requireHeader } from "../request.ts";
import { parseDictionary } from "./structured-fields.ts";

const HEADER = "content-digest";
/** The algorithms registered as active, that is, not deprecated (RFC 9530 section 5). */
const ALGORITHMS: Readonly<Record<string, HashName>> = { "sha-256": "sha256", "sha-512": "sha512" };

/**
 * Computes the value of a `Content-Digest` header.
 *
 * @param body The exact bytes of the body.
 * @param algorithm `sha-256` (the default) or `sha-512`.
 * @returns The header's value, such as `sha-256=:…:`.
 * @see RFC 9530 section 2
 *
 * @example
 *
 * ```ts
 * import { contentDigest } from "@posthorn/webhooks/http-signatures";
 *
 * console.log(await contentDigest('{"hello": "world"}\n')); // sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:
 * ```
 */
export async function contentDigest(
  body: Uint8Array | string,
  algorithm: "sha-256" | "sha-512" = "sha-256",
): Promise<string> {
  return `${algorithm}=:${encodeBase64(await digest(ALGORITHMS[algorithm]!, [body]))}:`;
}

/**
 * Checks the `Content-Digest` header against the body. Every digest with a known algorithm must match; others are
 * ignored.
 *
 * @param request Headers and the exact body.
 * @throws {WebhookError} `missing_header`, `malformed_header`, `unsupported_algorithm` or `digest_mismatch`.
 * @see RFC 9530 section 2
 *
 * @example
 *
 * ```ts
 * import { contentDigest, verifyContentDigest } from "@posthorn/webhooks/http-signatures";
 *
 * const body = '{"hello": "world"}\n';
 * await verifyContentDigest({ headers: { "content-digest": await contentDigest(body) }, body });
 * ```
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
      throw failure("digest_mismatch", "does not match the body: the body was changed after it was sent");
    }
    checked += 1;
  }
  if (checked === 0) throw failure("unsupported_algorithm", "has neither a sha-256 nor a sha-512 digest");
}

function failure(code: "malformed_header" | "unsupported_algorithm" | "digest_mismatch", what: string): WebhookError {
  return new WebhookError(code, `The Content-Digest header ${what}.`, { headerName: HEADER });
}
