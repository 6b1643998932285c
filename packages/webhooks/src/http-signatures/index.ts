/** HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530) with `hmac-sha256` and `ed25519`. */
export { contentDigest, verifyContentDigest } from "./content-digest.ts";
export type { HttpSignatureAlgorithm, HttpSignatureKey } from "./keys.ts";
export { type HttpSignOptions, type SignableRequest, signRequest } from "./sign.ts";
export { type HttpVerified, type HttpVerifyOptions, tryVerifyRequest, verifyRequest } from "./verify.ts";
