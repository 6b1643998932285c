/** Outcomes under leases, which SQLite knows nothing of: what `holds` does in the statement that PostgreSQL records outcomes with. */
import type { Lease } from "../../../src/store/cluster.ts";
import type { Cell } from "../../../src/store/hot-columns.ts";
import {
  type Batch,
  type BatchResult,
  decodeRecords,
  encodeRecordRow,
  type ThreadFailure,
  type ThreadRequest,
} from "../../../src/store/sqlite/protocol.ts";

const LOST: ThreadFailure = {
  message: "The outcome was not recorded: another node owns its endpoint by now and will make the attempt again.",
  sqliteCode: null,
  posthornCode: "shard_lost",
};

/** The leases of the outcomes that a store writes, in the order in which it was handed them: it writes them in the same order. */
export class Fences {
  readonly holds: (lease: Lease | undefined) => boolean;
  readonly #line: (Lease | undefined)[] = [];

  /** @param holds Whether the lease is held now, by what is committed. */
  constructor(holds: (lease: Lease) => boolean) {
    this.holds = (lease) => lease === undefined || holds(lease);
  }

  push(lease: Lease | undefined): void {
    this.#line.push(lease);
  }

  /** Of the outcomes that are written next. */
  next(request: ThreadRequest): readonly (Lease | undefined)[] {
    return request.op === "batch" ? this.#line.splice(0, decodeRecords(request.batch.records).length) : [];
  }
}

/** Commits a batch without the outcomes whose lease is not held, which are refused. @param held Of each outcome in the batch. */
export function fenced(batch: Batch, held: readonly boolean[], commit: (batch: Batch) => unknown): unknown {
  if (held.every(Boolean)) return commit(batch);
  const records: Cell[] = [];
  for (const [index, record] of decodeRecords(batch.records).entries()) {
    if (held[index]) encodeRecordRow(records, record);
  }
  const result = commit({ ...batch, records }) as BatchResult;
  let place = 0;
  return { ...result, records: held.map((isHeld) => (isHeld ? (result.records?.[place++] ?? null) : LOST)) };
}
