/** Encryption of values that must not be readable in the database, such as endpoint secrets and header values. AES-256-GCM. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { PosthornError } from "./errors.ts";

/** Version 1: encrypted with the server's key itself. Still readable, no longer written. */
const DIRECT = 1;
/** Version 2: each value is encrypted with its own derived key. */
const DERIVED = 2;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = "posthorn sealed value";

/**
 * Encrypts and decrypts values.
 *
 * With random nonces, one AES-GCM key may encrypt at most 2^32 values (NIST SP 800-38D), which stored responses and inbound requests could
 * reach in weeks. Each value therefore has its own key, derived from the server's key and a random salt.
 */
export class SecretBox {
  readonly #key: Buffer;

  /** @param key 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Returns one version byte, the salt, the nonce, the tag, and the encrypted text. */
  seal(text: string): Uint8Array {
    const random = randomBytes(SALT_BYTES + IV_BYTES);
    const cipher = createCipheriv(
      "aes-256-gcm",
      this.#derive(random.subarray(0, SALT_BYTES)),
      random.subarray(SALT_BYTES),
    );
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.of(DERIVED), random, cipher.getAuthTag(), encrypted]);
  }

  open(sealed: Uint8Array): string {
    try {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const version = bytes[0];
      if (version === DIRECT) return decrypt(this.#key, bytes.subarray(1));
      if (version !== DERIVED) throw new Error(`unknown version ${version}`);
      return decrypt(this.#derive(bytes.subarray(1, 1 + SALT_BYTES)), bytes.subarray(1 + SALT_BYTES));
    } catch (cause) {
      throw new PosthornError(
        "storage_corrupt",
        "A stored secret cannot be decrypted: POSTHORN_ENCRYPTION_KEY is not the key it was written with.",
        { cause },
      );
    }
  }

  /** Whether the value was sealed with this key and is intact. */
  opens(sealed: Uint8Array): boolean {
    try {
      this.open(sealed);
      return true;
    } catch {
      return false;
    }
  }

  /** HKDF-Expand (RFC 5869) to one block. The key is uniformly random, so the extract step is unnecessary. */
  #derive(salt: Uint8Array): Buffer {
    return createHmac("sha256", this.#key).update(PURPOSE).update(salt).update(Buffer.of(1)).digest();
  }
}

/** @param bytes Nonce, tag and encrypted text. */
function decrypt(key: Buffer, bytes: Buffer): string {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
}
