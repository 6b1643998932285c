import { WebhookError } from "../errors.ts";

/** Hash functions that both Node and WebCrypto support. MD5 is missing because WebCrypto does not have it. */
export type HashName = "sha1" | "sha256" | "sha384" | "sha512";

/** An opaque key object of `node:crypto`. */
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

/** The functions of `node:crypto` that are used, typed structurally so that nothing is imported from Node. */
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
 * Node's crypto module where the runtime has it (Node 20.16 and later, Deno, Bun): synchronous, and five times faster
 * than WebCrypto for short inputs. Looked up on each use (about 0.1 µs), so that importing this package has no side
 * effects.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  const runtime = (globalThis as { readonly process?: NodeProcess }).process;
  return runtime?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
}

/**
 * Like {@link nodeCrypto}, for public keys. With `nodejs_compat`, Cloudflare's workerd emulates `node:crypto`, but
 * its `verify` does not support the encoding option for ECDSA signatures, so WebCrypto is used there.
 */
export function nodePublicKeyCrypto(): NodeCrypto | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers" ? undefined : nodeCrypto();
}

/** WebCrypto. Throws `runtime_unsupported` where it is missing, as on pages that are not served over HTTPS. */
export function subtle(): SubtleCrypto {
  // The types say it is always present, but pages outside a secure context do not have it.
  const web = globalThis.crypto as Crypto | undefined;
  if (web?.subtle !== undefined) return web.subtle;
  throw new WebhookError(
    "runtime_unsupported",
    "This runtime has no crypto.subtle. In a browser, serve the page over HTTPS.",
  );
}

/** Converts `sha256` to WebCrypto's `SHA-256`. */
export function webHashName(hash: HashName): string {
  return hash.replace("sha", "SHA-");
}

/**
 * The only cast from `Uint8Array` to WebCrypto's `BufferSource`. WebCrypto rejects views of shared memory at run
 * time; saying so in our types would exclude callers on TypeScript before 5.7.
 */
export function webBytes(bytes: Uint8Array): BufferSource {
  return bytes as BufferSource;
}
