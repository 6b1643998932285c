/** Commits batches of several threads as one: each commit waits for the disk, which takes longer than its statements. */
import type { Batch, BatchResult } from "../protocol.ts";
import { NONE } from "./fences.ts";

/** A batch of one of several threads. */
export type SharedBatch = Batch & Required<Pick<Batch, "counts">>;

/** Commits batches together. Returns the result of each, in order. */
export function commitMerged(
  batches: readonly SharedBatch[],
  commit: (batch: Batch) => BatchResult,
): readonly BatchResult[] {
  if (batches.length === 1) return [commit(batches[0]!)];
  const { accepts, records, ...rest } = commit(merge(batches));
  let [accept, record] = [0, 0];
  return batches.map(({ counts }) => {
    const own = {
      ...rest,
      accepts: accepts && accepts.slice(accept, accept + counts.accepts),
      records: records && records.slice(record, record + counts.records),
    };
    accept += counts.accepts;
    record += counts.records;
    return own;
  });
}

function merge(batches: readonly SharedBatch[]): Batch {
  const payloads = new Uint8Array(batches.reduce((bytes, batch) => bytes + batch.payloads.byteLength, 0));
  let offset = 0;
  for (const batch of batches) {
    payloads.set(batch.payloads, offset);
    offset += batch.payloads.byteLength;
  }
  return {
    accepts: batches.flatMap(({ accepts }) => accepts),
    payloads,
    records: batches.flatMap(({ records }) => records),
    counts: { accepts: sum(batches, "accepts"), records: sum(batches, "records") },
    leases: mergeLeases(batches),
  };
}

/** In a batch without leases, no outcome has one. */
function mergeLeases(batches: readonly SharedBatch[]): readonly number[] | null {
  if (batches.every(({ leases }) => leases === null || leases === undefined)) return null;
  return batches.flatMap(({ leases, counts }) => leases ?? new Array<number>(2 * counts.records).fill(NONE));
}

function sum(batches: readonly SharedBatch[], rows: keyof SharedBatch["counts"]): number {
  return batches.reduce((total, { counts }) => total + counts[rows], 0);
}
