/**
 * `@posthorn/webhooks`: Standard Webhooks and the parts that all schemes share. Providers, adapters, the doctor and HTTP message
 * signatures each have a separate subpath, so that importing one does not load the others.
 */
export {
  isWebhookError,
  WEBHOOK_ERROR_CODES,
  WebhookError,
  type WebhookErrorCode,
  type WebhookErrorDetails,
} from "./errors.ts";
export type { ClockOptions } from "./clock.ts";
export type { HeaderPairs, HeaderRecord, HeadersInput, HeadersLike, WebhookRequest } from "./request.ts";
export { type Rejected, unwrap, type Verified, type VerifyResult } from "./result.ts";
export {
  type GeneratedKeyPair,
  type GenerateOptions,
  generateKeyPair,
  generateSecret,
  publicKeyOf,
  secretKeyFromSeed,
} from "./standard/generate.ts";
export { type ParsedSecret, parseSecret, type StandardSecret } from "./standard/secret.ts";
export { createSigner, sign, type StandardMessage, type StandardSigner } from "./standard/sign.ts";
export {
  createVerifier,
  type StandardRequest,
  type StandardVerified,
  type StandardVerifier,
  type StandardVerifyOptions,
  tryVerify,
  verify,
} from "./standard/verify.ts";
