/**
 * Messages that are too large to be kept. A listener receives a stand-in of each one, with its beginning, so that the message is quarantined
 * and acknowledged instead of ending every connection that reads it.
 */
import { createHash, randomBytes } from "node:crypto";

/** Kept of a message. */
export const HEAD_BYTES = 32 * 1024;
/** Allowance for the protocol overhead of a body. A message is too large to be kept if it exceeds the limit of the source by more than this. */
export const EXTRA_BYTES = 65_536;
const MARKER_BYTES = 16;

/** Facts about a message that was dropped. */
export interface LargeMessage {
  readonly bytes: number;
  /** SHA-256 of the body, in hexadecimal digits. */
  readonly sha256: string;
  readonly head: Uint8Array;
  /** Why a compressed batch was dropped; `null`: it is too large as it is. */
  readonly compressed?: "too_large" | "damaged" | null;
}

/** Hashes a body as it arrives, and keeps its beginning. */
export class LargeBody implements LargeMessage {
  readonly #hash = createHash("sha256");
  readonly #parts: Buffer[] = [];
  #kept = 0;
  #digest: string | null = null;
  bytes = 0;
  readonly compressed: "too_large" | "damaged" | null;

  constructor(compressed: "too_large" | "damaged" | null = null) {
    this.compressed = compressed;
  }

  add(part: Uint8Array): void {
    this.bytes += part.byteLength;
    this.#hash.update(part);
    if (this.#kept >= HEAD_BYTES) return;
    // A copy, because the part belongs to a larger buffer.
    const kept = Buffer.from(part.subarray(0, HEAD_BYTES - this.#kept));
    this.#parts.push(kept);
    this.#kept += kept.byteLength;
  }

  get sha256(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }

  get head(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Stand-ins of bodies that are shortened while they arrive. They begin with random bytes, so that no publisher can forge one. */
export class StandIns {
  readonly #bodies = new Map<string, LargeMessage>();

  /** Body that is passed on instead of one that is too large. */
  of(message: LargeMessage): Buffer {
    const marker = randomBytes(MARKER_BYTES);
    this.#bodies.set(marker.toString("hex"), message);
    return Buffer.concat([marker, message.head]);
  }

  /** The message of a stand-in, which can be taken once; `null`: this is an ordinary body. */
  take(body: Uint8Array): LargeMessage | null {
    if (this.#bodies.size === 0 || body.byteLength < MARKER_BYTES) return null;
    const marker = Buffer.from(body.subarray(0, MARKER_BYTES)).toString("hex");
    const message = this.#bodies.get(marker) ?? null;
    this.#bodies.delete(marker);
    return message;
  }
}

/** Where a filter writes. */
export interface FilterOutput {
  /** Passes bytes on to the client. */
  pass(bytes: Buffer): void;
  /** Bytes were dropped: they use no memory. */
  skipped(bytes: number): void;
}

/** Reads what a broker sends before its client does, and puts stand-ins in place of bodies that are too large. */
export interface StreamFilter {
  push(chunk: Buffer): void;
}
