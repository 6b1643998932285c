/**
 * Format of the commit journal: a header with the SQL of the statements, then entries. An entry holds the executions of statements that one batch
 * made, so it can be applied by any version, to the schema of the version that wrote it.
 *
 * Entries of one transaction carry its number and count from 0. After the transaction is committed, the next one starts again behind the header
 * and overwrites them. Its number tells its entries from the remains of earlier ones.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

/** Changes with the format. */
const MAGIC = "POSTHORN JOURNAL 1\n";
/** Size of the magic, of the length of the header's JSON, and of its checksum. */
const PREFIX_BYTES = MAGIC.length + 8;
/** Checksum, length of the body, number of the transaction, index in the transaction. */
const ENTRY_HEADER_BYTES = 4 + 4 + 8 + 4;
/** Entries begin at multiples of this. */
const ALIGNMENT = 8;
const PAGE_BYTES = 4096;

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
  /** Entries that were on disk cannot be read: later ones follow a damaged one, or the header is damaged. */
  readonly isDamaged: boolean;
}

export function journalPath(path: string): string {
  return `${path}.journal`;
}

/** Returns the header, padded to whole pages. */
export function encodeHeader(statements: readonly string[]): Buffer {
  const json = Buffer.from(JSON.stringify({ statements }));
  const header = Buffer.alloc(Math.ceil((PREFIX_BYTES + json.length) / PAGE_BYTES) * PAGE_BYTES);
  const at = header.write(MAGIC, "latin1");
  header.writeUInt32LE(json.length, at);
  header.writeUInt32LE(crc32(json), at + 4);
  json.copy(header, PREFIX_BYTES);
  return header;
}

export function encodeEntry({ number, index, body }: JournalEntry): Buffer {
  const size = ENTRY_HEADER_BYTES + body.length;
  const entry = Buffer.alloc(Math.ceil(size / ALIGNMENT) * ALIGNMENT);
  entry.writeUInt32LE(body.length, 4);
  entry.writeDoubleLE(number, 8);
  entry.writeUInt32LE(index, 16);
  body.copy(entry, ENTRY_HEADER_BYTES);
  entry.writeUInt32LE(crc32(entry.subarray(4, size)), 0);
  return entry;
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
  const bodies: Buffer[] = [];
  let at = header?.end ?? 0;
  if (header !== null) {
    for (let entry = entryAt(bytes, at, number); entry?.index === bodies.length; entry = entryAt(bytes, at, number)) {
      bodies.push(entry.body);
      at += sizeOf(entry.body);
    }
  }
  return {
    statements: header?.statements ?? [],
    bodies,
    // The file gets its name only once its header is on disk.
    isDamaged: header === null || hasEntryFrom(bytes, at, { number, index: bodies.length + 1 }),
  };
}

function decodeHeader(bytes: Buffer): { readonly statements: readonly string[]; readonly end: number } | null {
  if (bytes.length < PREFIX_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return null;
  const json = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + bytes.readUInt32LE(MAGIC.length));
  if (crc32(json) !== bytes.readUInt32LE(MAGIC.length + 4)) return null;
  const { statements } = JSON.parse(json.toString()) as { statements: readonly string[] };
  return { statements, end: Math.ceil((PREFIX_BYTES + json.length) / PAGE_BYTES) * PAGE_BYTES };
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

function sizeOf(body: Buffer): number {
  return Math.ceil((ENTRY_HEADER_BYTES + body.length) / ALIGNMENT) * ALIGNMENT;
}
