/** Signs the heads of audit logs. */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from "node:crypto";
import { canonicalJson } from "../../lib/canonical-json.ts";

/** What the signature of a head covers. */
export interface AuditHead {
  readonly organisation: string;
  /** Sequence number and hash of the newest entry. */
  readonly sequence: number;
  readonly hash: string;
  /** Sequence number and hash of the last entry that retention deleted; 0 and 64 zeros: none. */
  readonly prunedSequence: number;
  readonly prunedHash: string;
}

export interface SignedAuditHead extends AuditHead {
  readonly keyId: string;
  /** Base64. */
  readonly signature: string;
}

/** Separates this key from the others that are derived from a data key. */
const PURPOSE = "posthorn audit head v1";
/** DER of a PKCS #8 Ed25519 private key up to its 32 bytes, and of an SPKI public key (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Signs with an Ed25519 key that is derived from a data key by HKDF-SHA256. Only the server can sign, and everyone with the public key can
 * verify.
 */
export class AuditSigner {
  #current: SigningKey;
  /** Public keys of earlier data keys, whose signatures are valid until the head is signed again. */
  #earlier: readonly string[];
  /** What this process last signed for each organisation, and its signature: they need no verification. */
  readonly #own = new Map<string, { readonly text: Buffer; readonly signature: Buffer }>();

  /**
   * @param key The data key that signs.
   * @param earlier Data keys with signatures that may not have been replaced yet.
   */
  constructor(key: Uint8Array, earlier: readonly Uint8Array[] = []) {
    this.#current = signingKeyOf(key);
    this.#earlier = earlier.map((old) => signingKeyOf(old).publicKey);
  }

  /** Replaces the keys. Signatures of a key that is missing are no longer valid. */
  useKeys(key: Uint8Array, earlier: readonly Uint8Array[]): void {
    this.#current = signingKeyOf(key);
    this.#earlier = earlier.map((old) => signingKeyOf(old).publicKey);
    this.#own.clear();
  }

  get keyId(): string {
    return this.#current.id;
  }

  /** 32 bytes in base64. */
  get publicKey(): string {
    return this.#current.publicKey;
  }

  /** Of the current key and earlier ones. */
  get publicKeys(): readonly string[] {
    return [this.publicKey, ...this.#earlier];
  }

  sign(head: AuditHead): Buffer {
    const text = signedText(head);
    const signature = sign(null, text, this.#current.privateKey);
    this.#own.set(head.organisation, { text, signature });
    return signature;
  }

  /** Whether this server signed the head, with its current key or an earlier one. */
  isGenuine(head: AuditHead, signature: Uint8Array): boolean {
    const own = this.#own.get(head.organisation);
    if (own?.signature.equals(signature) === true && own.text.equals(signedText(head))) return true;
    return this.publicKeys.some((key) => isSignedWith(key, head, signature));
  }
}

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

function signingKeyOf(dataKey: Uint8Array): SigningKey {
  const seed = Buffer.from(hkdfSync("sha256", dataKey, Buffer.alloc(0), PURPOSE, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const raw = spki.subarray(PUBLIC_PREFIX.length);
  return { id: keyIdOf(raw), privateKey, publicKey: raw.toString("base64") };
}

/** Whether the head was signed with the private key of this public key, 32 bytes in base64. */
export function isSignedWith(publicKey: string, head: AuditHead, signature: Uint8Array): boolean {
  const raw = Buffer.from(publicKey, "base64");
  if (raw.length !== 32) return false;
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: "der", type: "spki" });
  return verify(null, signedText(head), key, signature);
}

/** First 16 hexadecimal digits of the SHA-256 of the public key. */
export function keyIdOf(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
}

function signedText({ organisation, sequence, hash, prunedSequence, prunedHash }: AuditHead): Buffer {
  const type = "posthorn.audit.head";
  return Buffer.from(canonicalJson({ type, version: 1, organisation, sequence, hash, prunedSequence, prunedHash }));
}
