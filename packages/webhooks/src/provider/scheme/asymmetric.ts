import { type Awaitable, after, firstMatch } from "../../awaitable.ts";
import { ed25519Verifier } from "../../crypto/ed25519.ts";
import type { MessageParts } from "../../crypto/hmac.ts";
import { ecdsaSignatureFromDer, publicKey } from "../../crypto/public-key.ts";
import { decodeBase64, decodeBytes, decodeHex, type TextEncoding } from "../../encoding.ts";
import { WebhookError } from "../../errors.ts";
import { fetchKey } from "../key-fetch.ts";
import { type FetchKey, type KeyInput, readPublicKey } from "../keys.ts";
import { parseJson } from "../payload.ts";
import type { Evidence, Scheme, SchemeContext } from "../types.ts";
import { mismatch, type SignedOptions, type SignedRequest, signedReader } from "./signed.ts";

/** Verifies one signature with one key. */
export type SignatureCheck = (signature: Uint8Array, parts: MessageParts) => Awaitable<boolean>;

/** A public-key algorithm. Each is a separate value, so that a bundle contains only those in use. */
export interface KeyAlgorithm {
  /** Name of the algorithm. */
  readonly name: "ed25519" | "ecdsa-p256-sha256" | "rsa-sha1" | "rsa-sha256";
  /** Prepares a key. Throws `secret_invalid` when it is unreadable. */
  prepare(key: KeyInput): SignatureCheck;
}

/** Ed25519 (RFC 8032) with a raw public key in hexadecimal or Base64, or `whpk_…`. */
export const ed25519: KeyAlgorithm = {
  name: "ed25519",
  prepare(key) {
    const text = typeof key === "string" ? key.replace(/^whpk_/, "") : (key.x ?? "");
    const bytes = decodeHex(text) ?? decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (bytes !== undefined) return ed25519Verifier(bytes);
    throw new WebhookError("secret_invalid", "The Ed25519 public key is not hexadecimal or Base64.");
  },
};

/** ECDSA on P-256 with SHA-256 (FIPS 186-5), with signatures in DER. */
export const ecdsaP256: KeyAlgorithm = {
  name: "ecdsa-p256-sha256",
  prepare(key) {
    const prepared = publicKey("ecdsa-p256-sha256", readPublicKey(key));
    return (signature, parts) => {
      const flat = ecdsaSignatureFromDer(signature, "p256");
      return flat !== undefined && prepared.verify(flat, parts);
    };
  },
};

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2). */
export const rsaSha256: KeyAlgorithm = rsa("rsa-sha256");

/** RSASSA-PKCS1-v1_5 with SHA-1, for two old senders that offer nothing else. */
export const rsaSha1: KeyAlgorithm = rsa("rsa-sha1");

function rsa(name: "rsa-sha1" | "rsa-sha256"): KeyAlgorithm {
  return {
    name,
    prepare(key) {
      const prepared = publicKey(name, readPublicKey(key));
      return (signature, parts) => prepared.verify(signature, parts);
    },
  };
}

/** A public-key signature in a header or a form field. */
export interface AsymmetricOptions extends SignedOptions {
  /** Signature algorithm. */
  readonly algorithm: KeyAlgorithm;
  /** Encoding of the signature. Defaults to Base64. */
  readonly encoding?: TextEncoding;
  /** URL where the provider publishes its key, for callers who pass none. */
  readonly keyUrl?: string;
  /** Extracts the key from the JSON document at `keyUrl`. */
  readonly readKey?: (document: unknown) => unknown;
}

/** Scheme created by {@link asymmetric}. */
export interface AsymmetricScheme extends Scheme {
  /** Always `asymmetric`. */
  readonly kind: "asymmetric";
  /** The options of the scheme, for tests and documentation. */
  readonly options: AsymmetricOptions;
}

/**
 * Scheme for a signature made with the provider's private key.
 *
 * @param options Algorithm, location and encoding of the signature, and what it covers.
 * @returns A scheme for a provider definition.
 *
 * @example
 *
 * ```ts
 * import { asymmetric, ed25519, signedTime, type ProviderDefinition } from "@posthorn/webhooks/provider";
 *
 * export const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [
 *     asymmetric({
 *       algorithm: ed25519,
 *       header: "x-acme-signature",
 *       encoding: "hex",
 *       timestamp: signedTime({ from: "header:x-acme-timestamp", tolerance: 300 }),
 *       signed: "{ts}{body}",
 *     }),
 *   ],
 * };
 * ```
 */
export function asymmetric(options: AsymmetricOptions): AsymmetricScheme {
  const reader = signedReader(options);
  return {
    kind: "asymmetric",
    name: options.name ?? options.algorithm.name,
    trust: "signed",
    covers: options.covers ?? "body",
    needs: "publicKeys",
    options,
    claimed: ({ inbound }) => reader.claimed(inbound),
    verify: (context) => verifyAsymmetric(options, reader.read(context), context),
  };
}

function verifyAsymmetric(
  options: AsymmetricOptions,
  { signatures, skip, signedAt, message }: SignedRequest,
  context: SchemeContext,
): Awaitable<Evidence> {
  const parts = message("");
  const candidates = signatures.flatMap((text) => decodeBytes(text.slice(skip), options.encoding ?? "base64") ?? []);
  return after(publicKeys(options, context), (keys) =>
    after(
      firstMatch(keys.length * candidates.length, (index) => {
        const check = checkFor(options.algorithm, keys[Math.floor(index / candidates.length)]!, context.cache);
        return check(candidates[index % candidates.length]!, parts);
      }),
      (index) => {
        if (index < 0) throw mismatch(options);
        return { secretIndex: Math.floor(index / candidates.length), signedAt };
      },
    ),
  );
}

function checkFor(algorithm: KeyAlgorithm, key: KeyInput, cache: SchemeContext["cache"]): SignatureCheck {
  const id = `${algorithm.name}:${typeof key === "string" ? key : JSON.stringify(key)}`;
  const cached = cache.get(id) as SignatureCheck | undefined;
  const check = cached ?? algorithm.prepare(key);
  if (cached === undefined) cache.set(id, check);
  return check;
}

function publicKeys(options: AsymmetricOptions, context: SchemeContext): Awaitable<readonly KeyInput[]> {
  if (context.publicKeys.length > 0) return context.publicKeys;
  if (options.keyUrl !== undefined) return fetchPublished(options.keyUrl, options.readKey, context.fetchKey);
  throw new WebhookError("key_unavailable", "No public key was given. Pass the provider's public key as publicKeys.");
}

async function fetchPublished(
  url: string,
  readKey: AsymmetricOptions["readKey"],
  custom: FetchKey | undefined,
): Promise<readonly KeyInput[]> {
  const fetched = await fetchKey(custom, { provider: new URL(url).hostname, url });
  // A custom fetchKey may return the key itself instead of the document.
  const document: unknown = typeof fetched === "string" ? (parseJson(fetched) ?? fetched) : fetched;
  const key = (typeof document === "object" ? readKey?.(document) : undefined) ?? document;
  if (typeof key === "string") return [key];
  throw new WebhookError("key_unavailable", `The document at ${url} does not contain a public key.`);
}
