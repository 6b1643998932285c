/** Finds out at a start whether the write-ahead log has lost commits since the last one. */
import { existsSync } from "node:fs";
import { scanWal } from "./wal-file.ts";
import { fileState, readWalMark, type WalMark } from "./wal-mark.ts";

/** Commits that were on disk and are not in the log any longer. */
export interface WalLoss {
  /** `missing`: no log, or its header is damaged; `cut`: shorter than it was; `damaged`: unreadable before its end. */
  readonly kind: "missing" | "cut" | "damaged";
  /** Path of the log. */
  readonly path: string;
  /** Frames (page versions) that can be read, up to the last commit. */
  readonly frames: number;
  /** Frames it held at least; `null`: not known. */
  readonly expectedFrames: number | null;
}

/**
 * Compares the log of the database at `path` with the note of {@link WalMarker}. Must be called before SQLite opens the database in this
 * process. `null`: no loss is known.
 */
export function findWalLoss(path: string): WalLoss | null {
  const log = `${path}-wal`;
  const found = scanWal(log);
  const mark = readWalMark(path);
  if (found === null) {
    return mark !== null && mark.frames > mark.checkpointed && isOfFile(mark, path)
      ? { kind: "missing", path: log, frames: 0, expectedFrames: mark.frames }
      : null;
  }
  const { salts, frames, damaged } = found;
  const expectedFrames = mark !== null && mark.salts === salts && mark.frames > frames ? mark.frames : null;
  if (damaged) return { kind: "damaged", path: log, frames, expectedFrames };
  if (expectedFrames === null) return null;
  // An empty log is harmless when the database file has all of it. A part of one is not: it hides newer pages of that file.
  if (frames === 0 && mark!.checkpointed === mark!.frames) return null;
  return { kind: "cut", path: log, frames, expectedFrames };
}

/** Whether the note was made of the database file as it is now. */
function isOfFile(mark: WalMark, path: string): boolean {
  return existsSync(path) && fileState(path) === mark.file;
}

/** What was found, what it means and what to do. */
export function describeWalLoss({ kind, path, frames, expectedFrames }: WalLoss): string {
  const found = {
    missing: `The write-ahead log ${path} is missing or has a damaged header. It held at least ${expectedFrames} pages of committed changes when the server last ran.`,
    cut: `The write-ahead log ${path} is shorter than it was: ${frames} of at least ${expectedFrames} pages of committed changes can be read.`,
    damaged: `The write-ahead log ${path} is damaged: only the first ${frames} pages of committed changes can be read.`,
  }[kind];
  return `${found} Messages accepted shortly before the last stop may be lost, with their deliveries. Check the disk, then publish the missing messages again or restore a backup.`;
}
