import { WebhookError } from "../errors.ts";

/** Hash functions that both Node's crypto and WebCrypto have. MD5 is not among them: WebCrypto lacks it. */
export type HashName = "sha1" | "sha256" | "sha384" | "sha512";

/** A key object of `node:crypto`: opaque here. */
export interface NodeKey {
  readonly asymmetricKeyType?: string;
  readonly asymmetricKeyDetails?: { readonly namedCurve?: string };
  export(options: { readonly format: "jwk" }): { readonly x?: string };
}

interface NodeDigest {
  update(data: Uint8Array | string): NodeDigest;
  digest(): Uint8Array;
  digest(encoding: "hex" | "base64" | "base64url"): string;
}

type NodeKeyInput =
  | { readonly key: Uint8Array; readonly format: "der"; readonly type: "spki" | "pkcs8" }
  | { readonly key: JsonWebKey; readonly format: "jwk" }
  | NodeKey;

/** The few functions of `node:crypto` that are used, typed by structure so that nothing is imported from Node. */
export interface NodeCrypto {
  createHash(hash: string): NodeDigest;
  createHmac(hash: string, key: NodeKey | string): NodeDigest;
  createSecretKey(key: Uint8Array): NodeKey;
  createPrivateKey(key: NodeKeyInput): NodeKey;
  createPublicKey(key: NodeKeyInput): NodeKey;
  sign(hash: string | null, data: Uint8Array, key: NodeKey): Uint8Array;
  verify(
    hash: string | null,
    data: Uint8Array,
    key: NodeKey | { readonly key: NodeKey; readonly dsaEncoding: "ieee-p1363" },
    signature: Uint8Array,
  ): boolean;
}

interface NodeProcess {
  readonly getBuiltinModule?: (name: string) => unknown;
}

/**
 * Node's crypto where the runtime has it (Node 20.16 and later, Deno, Bun): synchronous, and five times faster for
 * short inputs than WebCrypto. Asked for on each use, about 0.1 µs, so that importing this package does nothing.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  const runtime = (globalThis as { readonly process?: NodeProcess }).process;
  return runtime?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
}

/**
 * As {@link nodeCrypto}, for public keys. Cloudflare's workerd has an imitation of `node:crypto` (with `nodejs_compat`)
 * whose `verify` takes no encoding of ECDSA signatures; its WebCrypto is the real thing.
 */
export function nodePublicKeyCrypto(): NodeCrypto | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers" ? undefined : nodeCrypto();
}

/** WebCrypto, or a `runtime_unsupported` error where it is missing: a page that is not served over HTTPS. */
export function subtle(): SubtleCrypto {
  // Typed as always present, but absent on pages that are not secure contexts.
  const web = globalThis.crypto as Crypto | undefined;
  if (web?.subtle !== undefined) return web.subtle;
  throw new WebhookError(
    "runtime_unsupported",
    "This runtime has no crypto.subtle. In a browser, serve the page over HTTPS.",
  );
}

/** `sha256` to `SHA-256`, the spelling of WebCrypto. */
export function webHashName(hash: HashName): string {
  return hash.replace("sha", "SHA-");
}

/**
 * The one cast between `Uint8Array` and what WebCrypto declares. WebCrypto refuses views of shared memory at run time;
 * saying so in our signatures would lock out callers on TypeScript before 5.7.
 */
export function webBytes(bytes: Uint8Array): BufferSource {
  return bytes as BufferSource;
}
