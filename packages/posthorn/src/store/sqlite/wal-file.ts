/** Reads a write-ahead log as SQLite's recovery would, without SQLite. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Minimum number of bytes per read. */
const CHUNK_BYTES = 1 << 20;
/** With the lowest bit set, checksums are over big-endian words. */
const MAGIC = 0x377f0682;
const VERSION = 3007000;
/** Byte offsets in a frame header. */
const AT = { commit: 4, salts: 8, checksum: 16 } as const;

export interface WalScan {
  /** Identifies the generation of the log: SQLite chooses new salts each time it restarts the log at the beginning of the file. */
  readonly salts: string;
  /** Frames (page versions) up to the last commit that recovery reads. */
  readonly frames: number;
  /** Commits that had succeeded follow a frame that recovery cannot read, so it drops them. */
  readonly damaged: boolean;
}

/** The two running sums of SQLite's checksum. */
type Sums = readonly [number, number];

/** Salts of the log at `path`; `null` when there is no log or its header is too short. */
export function readWalSalts(path: string): string | null {
  const header = Buffer.alloc(HEADER_BYTES);
  return withFile(path, (file) => (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES ? null : saltsIn(header)));
}

/** Scans the log at `path`; `null` when there is no log or its header is not readable, which SQLite treats as an empty log. */
export function scanWal(path: string): WalScan | null {
  return withFile(path, scan);
}

function withFile<T>(path: string, read: (file: number) => T | null): T | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
  try {
    // SQLite holds no locks on this file, so closing it here releases none.
    return read(file);
  } finally {
    closeSync(file);
  }
}

function scan(file: number): WalScan | null {
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return null;
  const magic = header.readUInt32BE(0);
  const pageBytes = header.readUInt32BE(8);
  if ((magic & ~1) !== MAGIC || header.readUInt32BE(4) !== VERSION || !isPageSize(pageBytes)) return null;
  const sum = checksum((magic & 1) === 1);
  const [first, second] = sum([0, 0], header, 0, 24);
  if (first !== header.readUInt32BE(24) || second !== header.readUInt32BE(28)) return null;

  const chain = new FrameChain(header, sum);
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const chunk = Buffer.alloc(Math.ceil(CHUNK_BYTES / frameBytes) * frameBytes);
  for (let at = HEADER_BYTES; !chain.damaged; at += chunk.length) {
    const bytes = readSync(file, chunk, 0, chunk.length, at);
    for (let offset = 0; offset + frameBytes <= bytes; offset += frameBytes) chain.add(chunk, offset, pageBytes);
    if (bytes < chunk.length) break;
  }
  return { salts: saltsIn(header), frames: chain.committed, damaged: chain.damaged };
}

/**
 * Follows the frames of a log, each of which has a checksum over itself and all frames before it.
 *
 * After the first frame with a wrong checksum, an intact log can contain further frames: those of an earlier generation, of a transaction
 * that was rolled back, or of one commit that the operating system wrote out of order before a power loss. Two commits in one unbroken
 * chain prove damage: the connection that wrote the second had seen the first one succeed, and a successful commit was synchronized and
 * is only replaced by a log with other salts.
 */
class FrameChain {
  readonly #salts: string;
  readonly #sum: ReturnType<typeof checksum>;
  #previous: Sums;
  #count = 0;
  #broken = false;
  #commitsBehind = 0;
  committed = 0;

  constructor(header: Buffer, sum: ReturnType<typeof checksum>) {
    this.#salts = saltsIn(header);
    this.#sum = sum;
    this.#previous = [header.readUInt32BE(24), header.readUInt32BE(28)];
  }

  get damaged(): boolean {
    return this.#commitsBehind >= 2;
  }

  add(chunk: Buffer, at: number, pageBytes: number): void {
    if (this.damaged) return;
    this.#count++;
    const stored: Sums = [chunk.readUInt32BE(at + AT.checksum), chunk.readUInt32BE(at + AT.checksum + 4)];
    const commits = chunk.readUInt32BE(at + AT.commit) !== 0;
    if (!this.#follows(chunk, at, pageBytes, stored)) {
      this.#broken = true;
      this.#commitsBehind = 0;
    } else if (commits) {
      if (this.#broken) this.#commitsBehind++;
      else this.committed = this.#count;
    }
    this.#previous = stored;
  }

  #follows(chunk: Buffer, at: number, pageBytes: number, stored: Sums): boolean {
    if (chunk.toString("hex", at + AT.salts, at + AT.checksum) !== this.#salts) return false;
    const header = this.#sum(this.#previous, chunk, at, 8);
    const [first, second] = this.#sum(header, chunk, at + FRAME_HEADER_BYTES, pageBytes);
    return first === stored[0] && second === stored[1];
  }
}

function checksum(bigEndian: boolean): (from: Sums, bytes: Buffer, at: number, length: number) => Sums {
  const swapped = bigEndian !== (endianness() === "BE");
  return (from, bytes, at, length) => {
    // As 32-bit integers from the beginning.
    let [first, second] = [from[0] | 0, from[1] | 0];
    const part = bytes.subarray(at, at + length);
    const { buffer, byteOffset } = swapped ? Buffer.from(part).swap32() : part;
    const words = new Int32Array(buffer, byteOffset, length >> 2);
    for (let index = 0; index < words.length; index += 2) {
      first = (first + words[index]! + second) | 0;
      second = (second + words[index + 1]! + first) | 0;
    }
    return [first >>> 0, second >>> 0];
  };
}

function saltsIn(header: Buffer): string {
  return header.toString("hex", 16, 24);
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) === 0;
}
