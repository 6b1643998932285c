/** Refuses outcomes of a batch whose lease is no longer held: `holds` of the PostgreSQL statement that records outcomes. */
import type { Lease, Outcome } from "../../delivery.ts";
import { type Batch, type BatchResult, decodeRecords, RecordWriter, type ThreadFailure } from "../protocol.ts";

export const LOST: ThreadFailure = {
  message: "The outcome was not recorded: another node now owns its endpoint and will make the attempt again.",
  sqliteCode: null,
  posthornCode: "shard_lost",
};

/** The shard of an outcome without a lease. */
export const NONE = -1;

/** Shard and fence of the lease of each outcome, one after the other; `null`: none has one. */
export function packLeases(outcomes: readonly Pick<Outcome, "lease">[]): readonly number[] | null {
  if (!outcomes.some(({ lease }) => lease !== undefined)) return null;
  return outcomes.flatMap(({ lease }) => (lease === undefined ? [NONE, NONE] : [lease.shard, lease.fence]));
}

/** Whether the lease of each outcome is held; `null`: all are. */
export function heldLeases(packed: readonly number[], holds: (lease: Lease) => boolean): readonly boolean[] | null {
  const held: boolean[] = [];
  for (let at = 0; at < packed.length; at += 2) {
    const [shard, fence] = [packed[at]!, packed[at + 1]!];
    held.push(shard === NONE || holds({ shard, fence }));
  }
  return held.every(Boolean) ? null : held;
}

/** Commits a batch without the outcomes whose lease is not held, which are refused. @param held Whether it is, for each outcome. */
export function commitHeld(batch: Batch, held: readonly boolean[], commit: (batch: Batch) => BatchResult): BatchResult {
  const written = new RecordWriter();
  for (const [index, record] of decodeRecords(batch.records).entries()) {
    if (held[index]) written.addRow(record);
  }
  const result = commit({ ...batch, records: written.cells });
  let place = 0;
  return { ...result, records: held.map((isHeld) => (isHeld ? (result.records?.[place++] ?? null) : LOST)) };
}
