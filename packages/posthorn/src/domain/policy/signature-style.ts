/** Formats of signatures. */

/**
 * Formats of signatures. `standard`: Standard Webhooks; `http-signatures`: HTTP Message Signatures (RFC 9421) with a Content-Digest
 * (RFC 9530); the others are named after the senders that use them.
 */
export const SIGNATURE_STYLES = [
  "standard",
  "http-signatures",
  "asana",
  "github",
  "shopify",
  "slack",
  "stripe",
] as const;
export type SignatureStyle = (typeof SIGNATURE_STYLES)[number];
