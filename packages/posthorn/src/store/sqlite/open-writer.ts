/** Opens the connection of the writer thread. */
import type { DatabaseSync } from "node:sqlite";
import { writerOn } from "./connection.ts";
import { openForWriting, refuseUnfinishedCopy } from "./file.ts";
import { type AppliedJournal, applyJournal } from "./journal/apply.ts";
import { Commits } from "./journal/commits.ts";
import { journalPath } from "./journal/format.ts";
import { migrate } from "./migrate.ts";
import { type BatchResult, type PackedResult, type ThreadOptions, type ThreadRequest, unpackRows } from "./protocol.ts";
import type { Handler } from "./reader.ts";
import { commitHeld, heldLeases } from "./threads/fences.ts";
import { type EarlierRun, Members } from "./threads/members.ts";
import { SharedWords } from "./threads/shared-words.ts";
import { WriterPorts } from "./threads/writer-ports.ts";
import { findWalLoss, type WalLoss } from "./wal-loss.ts";
import { WalMarker } from "./wal-mark.ts";

const EARLIER = `
  SELECT max(
      coalesce((SELECT max(node_id) FROM relay_session), 0),
      coalesce((SELECT max(node_id) FROM relay_frame), 0),
      coalesce((SELECT max(node_id) FROM encryption_key_node), 0)) AS nodeId,
    coalesce((SELECT max(last_id) FROM rollup_cursor), 0) AS counted`;

/** Opens the connection of the writer thread, for one or several threads that send requests. */
export function openWriterPorts(options: ThreadOptions, onWalLoss: (loss: WalLoss) => void): WriterPorts {
  const members = new Members();
  const handle = openWriter(options, onWalLoss, members);
  return new WriterPorts({ handle, members, earlier: () => earlierRun(handle) });
}

/** What earlier runs have left: the nodes that rows name, and how far rows were counted. */
function earlierRun(handle: Handler): EarlierRun {
  const result = handle({ op: "query", sql: EARLIER, parameters: [] }) as PackedResult;
  return unpackRows(result)[0] as unknown as EarlierRun;
}

/**
 * Opens the connection of the writer thread, migrates the schema, and returns its request handler. Reports commits that the log has lost.
 *
 * @param members The threads that share the writer; `null`: a single one uses it.
 */
export function openWriter(
  { path, maxPages, words: memory = null }: ThreadOptions,
  onWalLoss: (loss: WalLoss) => void,
  members: Members | null = null,
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
  const commits = new Commits(db, { path });
  const handle = members === null ? writerOn(db, commits) : fenced(db, writerOn(db, commits), members);
  const marker = WalMarker.open(db, path);
  const words = memory === null ? null : new SharedWords(memory);
  commits.onSettled = () => {
    marker?.changed();
    words?.settled();
  };
  return (request) => {
    if (request.op === "close") marker?.remove();
    const result = handle(request);
    if (words !== null && request.op === "batch" && (result as BatchResult).isOpen) words.opened();
    if (request.op !== "close") marker?.changed();
    return result;
  };
}

/** Refuses the outcomes of leases that are not held, and lets statements ask for them, as on PostgreSQL. */
function fenced(db: DatabaseSync, handle: Handler, members: Members): Handler {
  const isHeld = (shard: number, fence: number): number => (members.holds({ shard, fence }) ? 1 : 0);
  db.function("holds", isHeld as Parameters<DatabaseSync["function"]>[1]);
  return (request: ThreadRequest) => {
    const leases = request.op === "batch" ? (request.batch.leases ?? null) : null;
    const held = leases === null ? null : heldLeases(leases, (lease) => members.holds(lease));
    if (held === null || request.op !== "batch") return handle(request);
    return commitHeld(request.batch, held, (batch) => handle({ op: "batch", batch }) as BatchResult);
  };
}

function journalLoss(path: string, { entries, loss }: AppliedJournal): WalLoss {
  const kind = loss === "missing" ? "journal-missing" : "journal";
  return { kind, path: journalPath(path), frames: entries, expectedFrames: null };
}
