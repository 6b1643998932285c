/** A request to erase the data of a person. Once it has ended, it is the receipt. */
import { createHmac } from "node:crypto";
import type { Selectable } from "kysely";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { ErasureTable } from "../../store/erasure-schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { TaskData } from "../task/task.ts";
import { addCounts, type ErasureCounts } from "./counts.ts";
import type { PlacePosition } from "./place.ts";

/**
 * - `running`: erases rows.
 * - `cleaning`: everything is erased, and what deleted rows have left in the files of the database is being overwritten.
 */
export const ERASURE_STATES = ["running", "cleaning", "finished", "failed"] as const;
export type ErasureState = (typeof ERASURE_STATES)[number];

export interface Erasure {
  readonly key: number;
  readonly id: string;
  readonly taskId: string;
  /** Public ID of the application or source; `null`: the whole organisation. */
  readonly appId: string | null;
  readonly path: string;
  /** HMAC-SHA256 of the value under a key that only this server has, in hexadecimal. */
  readonly valueHash: string;
  readonly eventTypes: readonly string[] | null;
  readonly isDryRun: boolean;
  readonly reason: string;
  readonly requestedBy: string;
  readonly state: ErasureState;
  readonly counts: ErasureCounts;
  readonly createdAt: number;
  /** When the last row was erased; of a dry run: when it ended. `null`: not yet. */
  readonly erasedAt: number | null;
  readonly finishedAt: number | null;
}

export interface EraseParams {
  readonly erasure: number;
}

/** How far the files of SQLite are cleaned. */
export interface CleanPosition {
  readonly stage: "pages" | "log" | "overwrite" | "last-log";
  /** Page to continue with. */
  readonly from: number;
}

export interface EraseData extends TaskData {
  /** `settle`: waits until requests that had read rows before have ended. */
  readonly phase: "search" | "settle" | "clean";
  /** Index of the place. */
  readonly place: number;
  readonly after: PlacePosition | null;
  /** Complete passes over all places. */
  readonly passes: number;
  /** Rows that the current pass has found. */
  readonly found: number;
  /** The last message that was erased again while settling. */
  readonly settled: number;
  readonly settleFrom: number | null;
  /** Message key from which later passes read. */
  readonly recentFrom: number;
  readonly counts: ErasureCounts;
  readonly clean: CleanPosition;
}

export function withCounts(data: EraseData, more: Partial<ErasureCounts>): EraseData {
  const counts = addCounts(data.counts, more);
  return { ...data, counts, shown: { ...counts } };
}

export function hashOf(key: Uint8Array, value: string): Buffer {
  return createHmac("sha256", key).update(value).digest();
}

/** The key of the hash of a receipt. */
export function hashKeyOf(secretBox: SecretBox, row: Pick<Selectable<ErasureTable>, "id" | "hash_key_sealed">): Buffer {
  return Buffer.from(secretBox.open(row.hash_key_sealed, sealedIn("erasure.hash_key_sealed", row.id)), "base64");
}
