/** Progress of the tasks that go through all encrypted values. */
import type { SealedColumnName } from "../../store/sealed-columns.ts";
import { SEALED_COLUMNS } from "../../store/sealed-columns.ts";
import type { SealedPosition } from "../../store/sealed-values.ts";
import type { TaskData } from "../task/task.ts";

/** Every column, in the order in which tasks go through them. */
export const COLUMNS = Object.keys(SEALED_COLUMNS) as readonly SealedColumnName[];

export interface ScanPosition {
  /** Index of the column. */
  readonly column: number;
  /** The last row of that column that was examined; `null`: none. */
  readonly after: SealedPosition | null;
  /** Values that were found, in all passes. */
  readonly scanned: number;
}

export const NOTHING_SCANNED: ScanPosition = { column: 0, after: null, scanned: 0 };

/**
 * Phases of a rotation:
 *
 * - `create`: waits until all nodes have the current root key, and stores a new data key.
 * - `announce`: waits until all nodes have loaded it, then lets it seal.
 * - `switch`: waits until all nodes seal with it.
 * - `reseal`: seals every other value again, in passes, until a pass finds none.
 * - `destroy`: destroys the other data keys.
 */
export type RotationPhase = "create" | "announce" | "switch" | "reseal" | "destroy";

export interface ResealData extends TaskData, ScanPosition {
  readonly phase: RotationPhase;
  /** The new data key; `null`: not created yet. */
  readonly keyId: number | null;
  readonly resealed: number;
  /** Values that the current pass has sealed again. */
  readonly found: number;
  /** Values of the current pass that do not open. */
  readonly unreadable: number;
  /** When the current pass began. */
  readonly passFrom: number;
  /** Complete passes over all columns. */
  readonly passes: number;
  /** Hosts of the nodes that the phase waits for. */
  readonly waitingFor: readonly string[];
  /** When all nodes sealed with the new key. */
  readonly switchedAt: number | null;
}

export interface VerifyData extends TaskData, ScanPosition {
  /** Values by column and data key. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly failed: number;
  /** Places of the first values that do not open. */
  readonly failures: readonly string[];
}
