/** Signs deliveries in formats other than Standard Webhooks: HTTP Message Signatures, and the formats of well-known senders. */
import { type HttpSignatureKey, signRequest } from "@posthorn/webhooks/http-signatures";
import {
  asanaStyle,
  githubStyle,
  shopifyStyle,
  slackStyle,
  stripeStyle,
  type StyleSigner,
} from "@posthorn/webhooks/sender-styles";
import { isAsymmetric, keyOf, textOf } from "../endpoint/secret-form.ts";
import type { SigningValues } from "../policy/signing.ts";
import type { SignatureStyle } from "../policy/signature-style.ts";

/** A request without the signature that is added. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  /** Exact bytes. */
  readonly body: Uint8Array;
  /** Time of the attempt, Unix seconds. */
  readonly timestamp: number;
}

/** Returns the headers to add, as a flat list of names and values. */
export type RequestSigner = (request: UnsignedRequest) => Promise<readonly string[]>;

/**
 * Creates the signer of an endpoint. `null` when only Standard Webhooks signs: by its policy, or because it has an Ed25519 key, which the
 * HMAC formats of other senders cannot use.
 *
 * @param secrets Active secrets, newest first.
 * @param keyId Key ID in HTTP Message Signatures.
 */
export function requestSigner(signing: SigningValues, secrets: readonly string[], keyId: string): RequestSigner | null {
  if (signing.style === "standard") return null;
  if (signing.style === "http-signatures") return httpSigner(secrets, keyId);
  const texts = secrets.filter((secret) => !isAsymmetric(secret)).map(textOf);
  if (texts.length === 0) return null;
  const signer = textSigner(signing.style, signing, texts);
  return async ({ body, timestamp }) => Object.entries(signer.signSync({ body, timestampSeconds: timestamp })).flat();
}

type TextStyle = Exclude<SignatureStyle, "standard" | "http-signatures">;

interface HeaderNames {
  readonly signatureHeader?: string;
  readonly timestampHeader?: string;
}

const STYLES: Readonly<Record<TextStyle, (secrets: readonly string[], names: HeaderNames) => StyleSigner>> = {
  asana: asanaStyle,
  github: githubStyle,
  shopify: shopifyStyle,
  slack: slackStyle,
  stripe: stripeStyle,
};

function textSigner(
  style: TextStyle,
  { header, timestampHeader }: SigningValues,
  texts: readonly string[],
): StyleSigner {
  const names = {
    ...(header === "" ? {} : { signatureHeader: header }),
    ...(timestampHeader === "" ? {} : { timestampHeader }),
  };
  // All formats except Stripe's have room for one signature. During a rotation the earlier secret signs until its grace period ends, so
  // that receivers without the new secret keep working.
  return STYLES[style](style === "stripe" ? texts : texts.toReversed(), names);
}

function httpSigner(secrets: readonly string[], keyId: string): RequestSigner {
  const keys = secrets.map((secret): HttpSignatureKey => {
    const key = keyOf(secret);
    return typeof key === "string" ? { keyId, key } : { keyId, algorithm: "hmac-sha256", key };
  });
  return async ({ method, url, headers, body, timestamp }) => {
    const pairs = headers.flatMap((name, index): (readonly [string, string])[] =>
      index % 2 === 0 ? [[name, headers[index + 1]!]] : [],
    );
    const created = new Date(timestamp * 1000);
    return Object.entries(await signRequest({ method, url, headers: pairs, body }, keys, { created })).flat();
  };
}
