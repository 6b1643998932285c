/** Encryption of values that must not be readable in the database, such as endpoint secrets and header values. AES-256-GCM. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { PosthornError } from "./errors.ts";

/** Version 1: encrypted with the server's key itself. Still readable, no longer written. */
const DIRECT = 1;
/** Version 2: each value is encrypted with its own derived key. Still readable, no longer written. */
const DERIVED = 2;
/** Version 3: names its data key, and is bound to its context. */
const KEYED = 3;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 4;
/** Version, ID of the data key, and salt. */
const PREFIX_BYTES = 1 + ID_BYTES + SALT_BYTES;
const PURPOSE = "posthorn sealed value";

/** ID of the key of versions 1 and 2, which contain no key ID: the encryption key of the server itself. */
export const LEGACY_KEY_ID = 0;

/**
 * Values that are encrypted under one derived key, with random nonces. One AES-GCM key may encrypt up to 2^32 of them (NIST SP 800-38D);
 * with 2^20, two nonces are equal with a probability of 2^-57.
 */
const VALUES_PER_KEY = 2 ** 20;
/** Derived keys that are kept to open values. Each server process makes one in a million values, so few are in use. */
const MAX_OPENERS = 256;

/** Data keys by ID, 32 bytes each, and the ID of the one that seals. */
export interface DataKeys {
  readonly sealing: number;
  readonly keys: ReadonlyMap<number, Buffer>;
}

interface Sealer {
  /** First bytes of each value: version, key ID, salt. */
  readonly prefix: Buffer;
  readonly key: KeyObject;
  left: number;
}

/**
 * Encrypts and decrypts values with data keys, which can be exchanged while it is in use.
 *
 * The context of a value is authenticated, so that a value that was moved to another column or row does not open. Stored responses and
 * inbound requests could exhaust one AES-GCM key in weeks, so keys that encrypt are derived from a data key and a random salt.
 */
export class SecretBox {
  #data: DataKeys;
  readonly #valuesPerKey: number;
  #sealer: Sealer | null = null;
  readonly #openers = new Map<string, KeyObject>();
  /** Called when a value names a data key that this process does not have. */
  onUnknownKey: () => void = () => undefined;

  /** @param valuesPerKey Values that one derived key encrypts. */
  constructor(data: DataKeys, valuesPerKey = VALUES_PER_KEY) {
    this.#data = data;
    this.#valuesPerKey = valuesPerKey;
  }

  /** A box with one key, which also opens values of earlier versions. @param key 32 bytes. */
  static withKey(key: Buffer): SecretBox {
    return new SecretBox({
      sealing: 1,
      keys: new Map([
        [LEGACY_KEY_ID, key],
        [1, key],
      ]),
    });
  }

  /** Replaces the data keys. Values of a key that is missing no longer open. */
  useKeys(data: DataKeys): void {
    this.#data = data;
    this.#sealer = null;
    this.#openers.clear();
  }

  /** ID of the data key that seals. */
  get sealing(): number {
    return this.#data.sealing;
  }

  /**
   * Returns one version byte, the ID of the data key, the salt, the nonce, the tag, and the encrypted text.
   *
   * @param context Place of the value, which `open` has to repeat: see `sealedIn` of `store/sealed-columns.ts`.
   */
  seal(text: string, context: string): Uint8Array {
    return this.sealBytes(Buffer.from(text, "utf8"), context);
  }

  /** As `seal`, for any bytes. */
  sealBytes(plain: Uint8Array, context: string): Uint8Array {
    const sealer = this.#sealer !== null && this.#sealer.left > 0 ? this.#sealer : this.#newSealer();
    sealer.left--;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", sealer.key, iv);
    cipher.setAAD(associatedData(sealer.prefix, context));
    const encrypted = cipher.update(plain);
    // GCM encrypts byte by byte: `final` only computes the tag.
    cipher.final();
    return Buffer.concat([sealer.prefix, iv, cipher.getAuthTag(), encrypted]);
  }

  open(sealed: Uint8Array, context: string): string {
    return this.openBytes(sealed, context).toString("utf8");
  }

  /** As `open`, for any bytes. */
  openBytes(sealed: Uint8Array, context: string): Buffer {
    try {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const version = bytes[0];
      if (version === KEYED) {
        const prefix = bytes.subarray(0, PREFIX_BYTES);
        return decrypt(this.#opener(prefix), bytes.subarray(PREFIX_BYTES), associatedData(prefix, context));
      }
      if (version !== DIRECT && version !== DERIVED) throw new Error(`unknown version ${version}`);
      const key = this.#key(LEGACY_KEY_ID);
      if (version === DIRECT) return decrypt(key, bytes.subarray(1), null);
      return decrypt(derive(key, bytes.subarray(1, 1 + SALT_BYTES)), bytes.subarray(1 + SALT_BYTES), null);
    } catch (cause) {
      throw new PosthornError("storage_corrupt", `A stored secret cannot be decrypted (${context}): ${reason(cause)}`, {
        cause,
      });
    }
  }

  /** Whether the value was sealed with one of these keys in this context, and is intact. */
  opens(sealed: Uint8Array, context: string): boolean {
    try {
      this.openBytes(sealed, context);
      return true;
    } catch {
      return false;
    }
  }

  #newSealer(): Sealer {
    const { sealing } = this.#data;
    const salt = randomBytes(SALT_BYTES);
    const prefix = Buffer.concat([Buffer.of(KEYED, 0, 0, 0, 0), salt]);
    prefix.writeUInt32BE(sealing, 1);
    const key = createSecretKey(derive(this.#key(sealing), salt));
    return (this.#sealer = { prefix, key, left: this.#valuesPerKey });
  }

  #opener(prefix: Buffer): KeyObject {
    const name = prefix.toString("latin1", 1);
    const known = this.#openers.get(name);
    if (known !== undefined) return known;
    const key = createSecretKey(derive(this.#key(prefix.readUInt32BE(1)), prefix.subarray(1 + ID_BYTES)));
    if (this.#openers.size >= MAX_OPENERS) this.#openers.delete(this.#openers.keys().next().value!);
    this.#openers.set(name, key);
    return key;
  }

  #key(id: number): Buffer {
    const key = this.#data.keys.get(id);
    if (key !== undefined) return key;
    this.onUnknownKey();
    throw new UnknownKey(id);
  }
}

class UnknownKey extends Error {
  constructor(id: number) {
    super(`Its data key ${id} has been destroyed, or is not known to this node yet.`);
  }
}

function reason(cause: unknown): string {
  if (cause instanceof UnknownKey) return cause.message;
  return "POSTHORN_ENCRYPTION_KEY is not the key it was written with, or the value was changed or moved.";
}

/** Returns the ID of the data key that a value was sealed with; {@link LEGACY_KEY_ID} for versions 1 and 2. */
export function keyIdOf(sealed: Uint8Array): number {
  if (sealed[0] !== KEYED || sealed.byteLength < PREFIX_BYTES) return LEGACY_KEY_ID;
  return new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(1);
}

/** Binds a value to its context, and to the key and salt that it names. */
function associatedData(prefix: Buffer, context: string): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + Buffer.byteLength(context));
  prefix.copy(bytes);
  bytes.write(context, PREFIX_BYTES);
  return bytes;
}

/** HKDF-Expand (RFC 5869) to one block. The key is uniformly random, so the extract step is unnecessary. */
function derive(key: Buffer, salt: Uint8Array): Buffer {
  return createHmac("sha256", key).update(PURPOSE).update(salt).update(Buffer.of(1)).digest();
}

/** @param bytes Nonce, tag and encrypted text. */
function decrypt(key: Buffer | KeyObject, bytes: Buffer, aad: Buffer | null): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  if (aad !== null) decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
  decipher.final();
  return plain;
}
