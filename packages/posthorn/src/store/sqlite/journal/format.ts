/**
 * Format of the commit journal: a header with the SQL of the statements, then entries. An entry holds the executions of statements that one batch
 * made, so it can be applied by any version, to the schema of the version that wrote it.
 *
 * Entries of one transaction carry its number and count from 0. After the transaction is committed, the next one starts again behind the header
 * and overwrites them. Its number tells its entries from the remains of earlier ones.
 *
 * In front of each entry is room for its confirmation, which is written once the entry is on disk. An entry that cannot be read was confirmed, and
 * is therefore damaged, if its confirmation is there or a later entry of its transaction is; otherwise it is taken for one that was written in part.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

/** Changes with the format. */
const MAGIC = "POSTHORN JOURNAL 2\n";
/** The format without confirmations, which an earlier version may have left. */
const MAGIC_1 = "POSTHORN JOURNAL 1\n";
/** Size of the magic, of the length of the header's JSON, and of its checksum. */
const PREFIX_BYTES = MAGIC.length + 8;
/** Size of the confirmation in front of an entry. */
const CONFIRMATION_BYTES = 8;
/** First half of a confirmation. The second is a checksum of the entry's number and index. */
const CONFIRMED = 0x4d52_4643;
/** Checksum, length of the body, number of the transaction, index in the transaction. */
const ENTRY_HEADER_BYTES = 4 + 4 + 8 + 4;
/** Entries begin at multiples of this. */
const ALIGNMENT = 8;
const PAGE_BYTES = 4096;
/** Bytes of entries that the file has room for. */
export const ROOM_BYTES: number = 2 * 1024 * 1024;
/** The same in files whose header does not have it. */
const FIRST_ROOM_BYTES = 1024 * 1024;

export interface JournalEntry {
  /** Number of the transaction. */
  readonly number: number;
  /** Index of the entry in its transaction. */
  readonly index: number;
  /** See `RunLog`. */
  readonly body: Buffer;
}

/** Entries of one transaction, and the statements that they refer to. */
export interface JournalContent {
  readonly statements: readonly string[];
  readonly bodies: readonly Buffer[];
  /** Confirmed entries cannot be read, or may be missing because the file is not as it was created. */
  readonly isDamaged: boolean;
}

export function journalPath(path: string): string {
  return `${path}.journal`;
}

/** Returns the header, padded to whole pages. */
export function encodeHeader(statements: readonly string[]): Buffer {
  const json = Buffer.from(JSON.stringify({ statements, roomBytes: ROOM_BYTES }));
  const header = Buffer.alloc(Math.ceil((PREFIX_BYTES + json.length) / PAGE_BYTES) * PAGE_BYTES);
  const at = header.write(MAGIC, "latin1");
  header.writeUInt32LE(json.length, at);
  header.writeUInt32LE(crc32(json), at + 4);
  json.copy(header, PREFIX_BYTES);
  return header;
}

/** Returns an entry with room for its confirmation. @param memory Memory for it, if it is large enough. */
export function encodeEntry({ number, index, body }: JournalEntry, memory: Buffer | null = null): Buffer {
  const size = sizeOf(body, CONFIRMATION_BYTES);
  const entry = memory !== null && size <= memory.length ? memory.subarray(0, size) : Buffer.alloc(size);
  entry.fill(0, 0, CONFIRMATION_BYTES);
  entry.fill(0, size - ALIGNMENT);
  const at = CONFIRMATION_BYTES;
  entry.writeUInt32LE(body.length, at + 4);
  entry.writeDoubleLE(number, at + 8);
  entry.writeUInt32LE(index, at + 16);
  body.copy(entry, at + ENTRY_HEADER_BYTES);
  entry.writeUInt32LE(crc32(entry.subarray(at + 4, at + ENTRY_HEADER_BYTES + body.length)), at);
  return entry;
}

/** Returns the confirmation of an entry, which goes to the entry's beginning. */
export function encodeConfirmation({ number, index }: Omit<JournalEntry, "body">): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeDoubleLE(number, 0);
  key.writeUInt32LE(index, 8);
  const confirmation = Buffer.allocUnsafe(CONFIRMATION_BYTES);
  confirmation.writeUInt32LE(CONFIRMED, 0);
  confirmation.writeUInt32LE(crc32(key), 4);
  return confirmation;
}

/** Reads the journal of the database at `path`; `null`: there is none. */
export function readJournal(path: string): Buffer | null {
  const journal = journalPath(path);
  if (!existsSync(journal)) return null;
  const file = openSync(journal, "r");
  try {
    const bytes = Buffer.alloc(fstatSync(file).size);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

/** Returns the entries of one transaction. A last entry that was written in part is not among them: its batch was not confirmed. */
export function entriesOf(bytes: Buffer, number: number): JournalContent {
  const header = decodeHeader(bytes);
  // The file gets its name only once its header is on disk.
  if (header === null) return { statements: [], bodies: [], isDamaged: true };
  const { statements, end, roomBytes, confirmationBytes } = header;
  const bodies: Buffer[] = [];
  let at = end;
  const entryHere = (): JournalEntry | null => entryAt(bytes, at + confirmationBytes, number);
  for (let entry = entryHere(); entry?.index === bodies.length; entry = entryHere()) {
    bodies.push(entry.body);
    at += sizeOf(entry.body, confirmationBytes);
  }
  const missing = { number, index: bodies.length };
  const isConfirmed = confirmationBytes > 0 && hasConfirmation(bytes, at, missing);
  const isCut = bytes.length < end + roomBytes;
  const isDamaged = isCut || isConfirmed || hasEntryFrom(bytes, at, { number, index: bodies.length + 1 });
  return { statements, bodies, isDamaged };
}

interface Header {
  readonly statements: readonly string[];
  readonly end: number;
  readonly roomBytes: number;
  /** 0: of the format without confirmations. */
  readonly confirmationBytes: number;
}

type StoredHeader = Pick<Header, "statements"> & Partial<Pick<Header, "roomBytes">>;

function decodeHeader(bytes: Buffer): Header | null {
  const magic = bytes.toString("latin1", 0, MAGIC.length);
  if (bytes.length < PREFIX_BYTES || (magic !== MAGIC && magic !== MAGIC_1)) return null;
  const json = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + bytes.readUInt32LE(MAGIC.length));
  if (crc32(json) !== bytes.readUInt32LE(MAGIC.length + 4)) return null;
  const { statements, roomBytes = FIRST_ROOM_BYTES } = JSON.parse(json.toString()) as StoredHeader;
  const end = Math.ceil((PREFIX_BYTES + json.length) / PAGE_BYTES) * PAGE_BYTES;
  return { statements, end, roomBytes, confirmationBytes: magic === MAGIC ? CONFIRMATION_BYTES : 0 };
}

/** The intact entry of the transaction at an offset; `null`: there is none. */
function entryAt(bytes: Buffer, at: number, number: number): JournalEntry | null {
  const begin = at + ENTRY_HEADER_BYTES;
  if (begin > bytes.length || bytes.readDoubleLE(at + 8) !== number) return null;
  const end = begin + bytes.readUInt32LE(at + 4);
  if (end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) return null;
  return { number, index: bytes.readUInt32LE(at + 16), body: bytes.subarray(begin, end) };
}

/** Whether an entry of the transaction, with this index or a higher one, is at an offset or behind it. */
function hasEntryFrom(bytes: Buffer, from: number, { number, index }: Omit<JournalEntry, "body">): boolean {
  for (let at = from; at + ENTRY_HEADER_BYTES <= bytes.length; at += ALIGNMENT) {
    const entry = entryAt(bytes, at, number);
    if (entry !== null && entry.index >= index) return true;
  }
  return false;
}

function hasConfirmation(bytes: Buffer, at: number, entry: Omit<JournalEntry, "body">): boolean {
  return bytes.subarray(at, at + CONFIRMATION_BYTES).equals(encodeConfirmation(entry));
}

function sizeOf(body: Buffer, confirmationBytes: number): number {
  return Math.ceil((confirmationBytes + ENTRY_HEADER_BYTES + body.length) / ALIGNMENT) * ALIGNMENT;
}
