/** Opens the connection of the writer thread. */
import type { DatabaseSync } from "node:sqlite";
import { writerOn } from "./connection.ts";
import { openForWriting, refuseUnfinishedCopy } from "./file.ts";
import { type AppliedJournal, applyJournal } from "./journal/apply.ts";
import { Commits } from "./journal/commits.ts";
import { journalPath } from "./journal/format.ts";
import { migrate } from "./migrate.ts";
import type { ThreadOptions } from "./protocol.ts";
import type { Handler } from "./reader.ts";
import { findWalLoss, type WalLoss } from "./wal-loss.ts";
import { WalMarker } from "./wal-mark.ts";

/** What several threads that share a writer add to it. */
export interface WriterExtension {
  wrap(db: DatabaseSync, handle: Handler): Handler;
  /** Called when readers see every batch. */
  settled(): void;
}

/**
 * Opens the connection of the writer thread, migrates the schema, and returns its request handler. Reports commits that the log has lost.
 *
 * @param extension `null`: a single thread uses the writer.
 */
export function openWriter(
  { path, maxPages }: ThreadOptions,
  onWalLoss: (loss: WalLoss) => void,
  extension: WriterExtension | null = null,
): Handler {
  const loss = findWalLoss(path);
  if (loss !== null) onWalLoss(loss);
  const db = openForWriting(path);
  try {
    refuseUnfinishedCopy(db);
    const journal = applyJournal(db, path);
    if (journal.loss !== null) onWalLoss(journalLoss(path, journal));
    migrate(db);
    // Starts a new log. Otherwise the frames behind the damage would be reported at each start.
    if (loss !== null) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // The caller may open the file as soon as it receives the error.
    db.close();
    throw error;
  }
  if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  // A limit of the file's size simulates a full disk.
  const commits = new Commits(db, { path, ...(maxPages === null ? {} : { freeBytes: () => 0 }) });
  const inner = writerOn(db, commits);
  const handle = extension === null ? inner : extension.wrap(db, inner);
  const marker = WalMarker.open(db, path);
  commits.onSettled = () => {
    marker?.changed();
    extension?.settled();
  };
  return (request) => {
    if (request.op === "close") marker?.remove();
    const result = handle(request);
    if (request.op !== "close") marker?.changed();
    return result;
  };
}

function journalLoss(path: string, { entries, loss }: AppliedJournal): WalLoss {
  const kind = loss === "missing" ? "journal-missing" : "journal";
  return { kind, path: journalPath(path), frames: entries, expectedFrames: null };
}
