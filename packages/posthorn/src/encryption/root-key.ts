/** Root keys, which wrap the data keys of a database. A root key is never stored in the database. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

/** A key that wraps data keys: in this process, or in a key management service. */
export interface RootKey {
  /** Kind of the root key, such as `local`. */
  readonly provider: string;
  /** Identifies the key among those of its kind. Says nothing about its value. */
  readonly id: string;
  /** @param context Authenticated: `unwrap` has to repeat it. */
  wrap(key: Buffer, context: string): Promise<Buffer>;
  unwrap(wrapped: Uint8Array, context: string): Promise<Buffer>;
}

/** The root keys that a node can use. */
export interface RootKeys {
  /** Wraps new data keys. */
  readonly current: RootKey;
  /** The root key that wrapped a data key; `null`: this node does not have it. */
  find(provider: string, id: string): RootKey | null;
  /** Keys that may have sealed values of versions without a key ID, most likely first. */
  readonly legacy: readonly Buffer[];
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A root key in the memory of this process, from a setting, a file or a command. */
export class LocalRootKey implements RootKey {
  readonly provider = "local";
  readonly id: string;
  readonly #key: Buffer;

  /** @param key 32 bytes. */
  constructor(key: Buffer) {
    this.id = derive(key, "id").toString("hex", 0, 8);
    this.#key = derive(key, "wrap");
  }

  async wrap(key: Buffer, context: string): Promise<Buffer> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(context));
    const encrypted = Buffer.concat([cipher.update(key), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  }

  async unwrap(wrapped: Uint8Array, context: string): Promise<Buffer> {
    const bytes = Buffer.from(wrapped);
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  }
}

/** Derived keys differ from the root key, which sealed values of earlier versions directly. */
function derive(key: Buffer, purpose: string): Buffer {
  return createHmac("sha256", key).update(`posthorn root key ${purpose}`).digest();
}
