/**
 * Verifies the webhooks of providers, and defines new providers. Each definition has its own entry point,
 * `@posthorn/webhooks/providers/<id>`, so that a bundle contains only the definitions in use.
 */
export { deduplicationKey, type DeliveryDescription, describe, type EventDescription } from "./describe.ts";
export { acceptance, answerHandshake, receiveProvider, type Reception, rejection } from "./handshake.ts";
export { type Inbound, openInbound, type PayloadReader } from "./inbound.ts";
export { createKeyFetcher, type KeyFetcherOptions } from "./key-fetch.ts";
export type { FetchKey, KeyInput, KeyRequest } from "./keys.ts";
export { maskHeaders, secretParts } from "./mask.ts";
export {
  asymmetric,
  type AsymmetricOptions,
  type AsymmetricScheme,
  ecdsaP256,
  ed25519,
  type KeyAlgorithm,
  rsaSha1,
  rsaSha256,
} from "./scheme/asymmetric.ts";
export { basic, credential, type CredentialOptions } from "./scheme/credential.ts";
export { hmac, type HmacOptions, type SecretReader } from "./scheme/hmac.ts";
export { jwt, type JwtOptions, type TokenOptions } from "./scheme/jwt.ts";
export { pairs } from "./scheme/pairs.ts";
export { plainHash } from "./scheme/plain-hash.ts";
export type { SignedInput, SignedOptions } from "./scheme/signed.ts";
export { standard, type StandardOptions } from "./scheme/standard.ts";
export { iso, milliseconds, seconds, signedTime, type TimestampOptions } from "./scheme/timestamp.ts";
export { urlSecret } from "./scheme/url-secret.ts";
export { base64Key, hexKey } from "./secret-readers.ts";
export { type Finder, select, type Selector, type Template, type Templates } from "./select.ts";
export type {
  Batch,
  Coverage,
  Evidence,
  Handshake,
  HandshakeAction,
  HandshakeResponse,
  HandshakeContext,
  ProviderConfig,
  ProviderDefinition,
  ProviderGroup,
  ResponseContract,
  Scheme,
  SchemeContext,
  SecretPart,
  Trust,
  UnsignedPolicy,
  WebhookResponse,
} from "./types.ts";
export { providerTrust, schemeSummary } from "./summary.ts";
export { unsigned } from "./unsigned.ts";
export {
  type ProviderOptions,
  type ProviderVerified,
  type ProviderVerifier,
  providerVerifier,
  tryVerifyProvider,
  verifyProvider,
} from "./verify.ts";
