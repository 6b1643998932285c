/** Speed and progress of a backup or restore, and the comparison of its rows. */
import { StoreError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";

/** Limits the bytes per second, so that the server keeps its share of the disk, and reports progress. */
export class Pace {
  readonly #bytesPerSecond: number | null;
  readonly #onProgress: (done: number, total: number | null) => void;
  readonly #begun = performance.now();

  /** @param bytesPerSecond `null`: no limit. @param onProgress `total` is `null` if it is not known. */
  constructor(bytesPerSecond: number | null, onProgress: (done: number, total: number | null) => void) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#onProgress = onProgress;
  }

  /** Reports progress, and waits as long as the limit demands. Blocks this thread, because SQLite calls it between two steps. */
  reached(done: number, total: number | null): void {
    this.#onProgress(done, total);
    if (this.#bytesPerSecond === null) return;
    const due = this.#begun + (done / this.#bytesPerSecond) * 1000;
    const ms = due - performance.now();
    if (ms > 0) Atomics.wait(SLEEPER, 0, 0, ms);
  }
}

const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

/** Throws `backup_invalid` unless the restored tables have the rows that the manifest counts. */
export function requireSameCounts({ tables }: Pick<Manifest, "tables">, found: Readonly<Record<string, number>>): void {
  for (const [name, rows] of Object.entries(tables)) {
    if (found[name] === rows) continue;
    throw new StoreError(
      "backup_invalid",
      `The table ${name} has ${found[name] ?? 0} rows after the restore, and the backup had ${rows}. The backup is damaged; use another one.`,
    );
  }
}
