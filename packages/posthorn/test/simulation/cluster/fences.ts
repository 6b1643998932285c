/** Fencing of outcomes by leases, which SQLite lacks: replaces the function `holds` in the PostgreSQL statement that records outcomes. */
import type { Lease } from "../../../src/store/delivery.ts";
import {
  type Batch,
  type BatchResult,
  decodeRecords,
  RecordWriter,
  type ThreadFailure,
  type ThreadRequest,
} from "../../../src/store/sqlite/protocol.ts";

export const LOST: ThreadFailure = {
  message: "The outcome was not recorded: another node now owns its endpoint and will make the attempt again.",
  sqliteCode: null,
  posthornCode: "shard_lost",
};

/** Queue of the leases of outcomes, in the order in which the store receives and writes them. */
export class Fences {
  readonly holds: (lease: Lease | undefined) => boolean;
  readonly #line: (Lease | undefined)[] = [];

  /** @param holds Whether the lease is currently held, according to the commits. */
  constructor(holds: (lease: Lease) => boolean) {
    this.holds = (lease) => lease === undefined || holds(lease);
  }

  push(lease: Lease | undefined): void {
    this.#line.push(lease);
  }

  /** Leases of the outcomes that this request writes. */
  next(request: ThreadRequest): readonly (Lease | undefined)[] {
    return request.op === "batch" ? this.#line.splice(0, decodeRecords(request.batch.records).length) : [];
  }
}

/** Commits a batch without the outcomes whose lease is not held, which are rejected. @param held Whether it is, for each outcome. */
export function fenced(batch: Batch, held: readonly boolean[], commit: (batch: Batch) => unknown): unknown {
  if (held.every(Boolean)) return commit(batch);
  const written = new RecordWriter();
  for (const [index, record] of decodeRecords(batch.records).entries()) {
    if (held[index]) written.addRow(record);
  }
  const result = commit({ ...batch, records: written.cells }) as BatchResult;
  let place = 0;
  return { ...result, records: held.map((isHeld) => (isHeld ? (result.records?.[place++] ?? null) : LOST)) };
}
