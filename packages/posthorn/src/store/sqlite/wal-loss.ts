/** Detects at startup whether the write-ahead log has lost commits since the server last ran. */
import { existsSync } from "node:fs";
import { scanWal } from "./wal-file.ts";
import { fileState, readWalMark, type WalMark } from "./wal-mark.ts";

/** Commits that were on disk and are no longer in the log. */
export interface WalLoss {
  /** `missing`: no log, or its header is damaged; `cut`: shorter than it was; `damaged`: unreadable before its end; `journal`: confirmed
   * batches in the commit journal are unreadable; `journal-missing`: no commit journal, although there was one. */
  readonly kind: "missing" | "cut" | "damaged" | "journal" | "journal-missing";
  /** Path of the log, or of the journal. */
  readonly path: string;
  /** Frames (page versions) that can be read, up to the last commit; of the journal, batches. */
  readonly frames: number;
  /** Minimum number of frames that the log had; `null`: not known. */
  readonly expectedFrames: number | null;
}

/**
 * Compares the log of the database at `path` with the mark written by {@link WalMarker}. Must be called before SQLite opens the database
 * in this process. Returns `null` when no loss was detected.
 */
export function findWalLoss(path: string): WalLoss | null {
  const log = `${path}-wal`;
  const found = scanWal(log);
  const mark = readWalMark(path);
  if (found === null) {
    return mark !== null && mark.frames > mark.checkpointed && belongsToFile(mark, path)
      ? { kind: "missing", path: log, frames: 0, expectedFrames: mark.frames }
      : null;
  }
  const { salts, frames, damaged } = found;
  const expectedFrames = mark !== null && mark.salts === salts && mark.frames > frames ? mark.frames : null;
  if (damaged) return { kind: "damaged", path: log, frames, expectedFrames };
  if (expectedFrames === null) return null;
  // An empty log is harmless if all of its frames are in the database file. A partial log is not: its pages hide newer ones in that file.
  if (frames === 0 && mark!.checkpointed === mark!.frames) return null;
  return { kind: "cut", path: log, frames, expectedFrames };
}

/** Whether the database file is unchanged since the mark was written. */
function belongsToFile(mark: WalMark, path: string): boolean {
  return existsSync(path) && fileState(path) === mark.file;
}

/** Describes the loss, its meaning, and what to do. */
export function describeWalLoss({ kind, path, frames, expectedFrames }: WalLoss): string {
  const found = {
    missing: `The write-ahead log ${path} is missing or has a damaged header. It held at least ${expectedFrames} pages of committed changes when the server last ran.`,
    cut: `The write-ahead log ${path} is shorter than it was: ${frames} of at least ${expectedFrames} pages of committed changes can be read.`,
    damaged: `The write-ahead log ${path} is damaged: only the first ${frames} pages of committed changes can be read.`,
    "journal-missing": `The commit journal ${path} is missing. It may have contained accepted messages that are not in the database yet.`,
    journal: `The commit journal ${path} is damaged: only the first ${frames} of its batches can be read.`,
  }[kind];
  return `${found} Messages accepted shortly before the last stop may be lost, with their deliveries. Check the disk, then publish the missing messages again or restore a backup.`;
}
