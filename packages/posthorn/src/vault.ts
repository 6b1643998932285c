/** Encrypts what must not be readable in the database file: endpoint secrets and header values. AES-256-GCM. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { PosthornError } from "./errors.ts";

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export class Vault {
  readonly #key: Buffer;

  /** @param key 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** One version byte, the nonce, the tag, then the encrypted text. */
  seal(text: string): Uint8Array {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), encrypted]);
  }

  open(sealed: Uint8Array): string {
    try {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes[0] !== VERSION) throw new Error(`unknown version ${bytes[0]}`);
      const iv = bytes.subarray(1, 1 + IV_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", this.#key, iv, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(1 + IV_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
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
}
