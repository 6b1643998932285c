/** Encrypts what must not be readable in the database file: endpoint secrets and header values. AES-256-GCM. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { PosthornError } from "./errors.ts";

/** Values of version 1 are encrypted with the key itself. They are still read. */
const DIRECT = 1;
/** Values of version 2 are each encrypted with a key of their own. */
const DERIVED = 2;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = "posthorn sealed value";

/**
 * Seals and opens values.
 *
 * With random nonces one key of AES-GCM is good for 2^32 values (NIST SP 800-38D), which kept answers and inbound requests could reach
 * in weeks. So each value has a key of its own, derived from the key of the server and a random salt.
 */
export class SecretBox {
  readonly #key: Buffer;

  /** @param key 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** One version byte, the salt, the nonce, the tag, then the encrypted text. */
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

  /** Whether it was sealed with this key, and is as it was. */
  opens(sealed: Uint8Array): boolean {
    try {
      this.open(sealed);
      return true;
    } catch {
      return false;
    }
  }

  /** HKDF-Expand of RFC 5869 to one block. The key is random, so there is nothing to extract. */
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
