import { firstMatch } from "../../awaitable.ts";
import type { MessageParts } from "../../crypto/hmac.ts";
import { type PublicKeyAlgorithm, publicKey } from "../../crypto/public-key.ts";
import { decodeBase64 } from "../../encoding.ts";
import { WebhookError } from "../../errors.ts";
import { fetchKey } from "../key-fetch.ts";
import { derBytes, type KeyInput, type KeyRequest } from "../keys.ts";
import type { SchemeContext } from "../types.ts";
import { parseCertificate } from "../x509.ts";

/**
 * Verifies a Base64 signature with a certificate that the request names or that the caller pinned. The URL must have
 * passed `requireTrustedUrl`: together with TLS, that proves that the fetched certificate belongs to the provider.
 */
export async function verifyWithCertificate(
  context: SchemeContext,
  request: KeyRequest,
  algorithm: PublicKeyAlgorithm,
  signature: string,
  message: MessageParts,
): Promise<number> {
  const bytes = decodeBase64(signature);
  const inputs: readonly KeyInput[] =
    context.publicKeys.length > 0 ? context.publicKeys : [(await fetchKey(context.fetchKey, request)) as KeyInput];
  const index = await firstMatch(
    inputs.length,
    (candidate) => bytes !== undefined && publicKey(algorithm, keyOf(inputs[candidate]!)).verify(bytes, message),
  );
  if (index >= 0) return index;
  throw new WebhookError(
    "signature_mismatch",
    "The signature does not match: the request was changed, or the settings belong to another webhook.",
  );
}

function keyOf(input: KeyInput): { readonly spki: Uint8Array } {
  const der = typeof input === "string" ? derBytes(input) : undefined;
  if (der !== undefined) return { spki: parseCertificate(der)?.spki ?? der };
  throw new WebhookError("key_unavailable", "The fetched or given key is not a certificate or public key in PEM.");
}
