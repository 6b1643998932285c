/** Overwrites the remains of erased rows in the files of SQLite: in free pages, between the rows of a page, and in the write-ahead log. */
import type { Store } from "../../store/store.ts";
import type { CleanPosition } from "./erasure.ts";

export interface Cleaned {
  /** Everything is overwritten. */
  readonly isClean: boolean;
  readonly position: CleanPosition;
  /** A reader is in the way. */
  readonly isBlocked: boolean;
}

/** Runs one short step. It may be repeated after a crash. */
export async function cleanFiles({ freeSpace }: Store, position: CleanPosition): Promise<Cleaned> {
  if (freeSpace === null) return { isClean: true, position, isBlocked: false };
  const at = (next: CleanPosition): Cleaned => ({ isClean: false, position: next, isBlocked: false });
  const blocked: Cleaned = { isClean: false, position, isBlocked: true };
  switch (position.stage) {
    case "pages":
      // Pages that were freed before the erasure still have their content.
      return at((await freeSpace.returnPages()) ? position : { stage: "log", from: 1 });
    case "log":
      return (await freeSpace.emptyLog()) ? at({ stage: "overwrite", from: 1 }) : blocked;
    case "overwrite": {
      const next = await freeSpace.overwrite(position.from);
      if (next === position.from) return blocked;
      return at(next === null ? { stage: "last-log", from: 1 } : { stage: "overwrite", from: next });
    }
    case "last-log":
      if (!(await freeSpace.emptyLog())) return blocked;
      await freeSpace.overwriteFreed(false);
      return { isClean: true, position, isBlocked: false };
  }
}
