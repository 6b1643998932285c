/** Wrappers that change one detail of a part of the product. */
import type { LanePolicy } from "../../src/dispatch/policy.ts";
import type { Attempter, JobStore } from "../../src/dispatch/types.ts";
import { decodeRecords, RecordWriter, unpackRows } from "../../src/store/sqlite/protocol.ts";
import type { DatabaseThread, ThreadRequest } from "../../src/store/sqlite/protocol.ts";

/** The store with its methods as own properties, so that a spread keeps them. */
export function passing(store: JobStore): JobStore {
  return {
    due: (endpointId, now, limit, selection) => store.due(endpointId, now, limit, selection),
    record: (outcome) => store.record(outcome),
    backlog: () => store.backlog(),
    recordAll: (outcomes) => store.recordAll(outcomes),
    batches: store.batches,
  };
}

export function withDelays(policy: LanePolicy, change: (delays: readonly number[]) => readonly number[]): LanePolicy {
  const { retry } = policy;
  if (retry.backoff.kind !== "schedule") return policy;
  return { ...policy, retry: { ...retry, backoff: { ...retry.backoff, delaysMs: change(retry.backoff.delaysMs) } } };
}

type Pass = (request: ThreadRequest) => Promise<unknown>;

export function intercept(
  thread: DatabaseThread,
  handle: (request: ThreadRequest, pass: Pass) => Promise<unknown>,
): DatabaseThread {
  const pass: Pass = (request) => thread.request(request);
  return {
    get load() {
      return thread.load;
    },
    request: (request: ThreadRequest) => handle(request, pass) as Promise<never>,
    close: () => thread.close(),
  };
}

/** The batch with the generation of each outcome replaced by the current one of its delivery. */
export async function withCurrentGenerations(thread: DatabaseThread, request: ThreadRequest): Promise<ThreadRequest> {
  if (request.op !== "batch" || request.batch.records.length === 0) return request;
  const written = new RecordWriter();
  for (const record of decodeRecords(request.batch.records)) {
    const result = await thread.request<"query">({
      op: "query",
      sql: "SELECT generation FROM delivery WHERE message_id = ? AND endpoint_id = ?",
      parameters: [record.messageId, record.endpointId],
    });
    written.addRow({ ...record, generation: unpackRows(result)[0]!["generation"] as number });
  }
  return { ...request, batch: { ...request.batch, records: written.cells } };
}

export function countingHeld(attempter: Attempter): Attempter {
  return {
    attempt: async (job, signal, maySend) => {
      const result = await attempter.attempt(job, signal, maySend);
      if (result.kind !== "held") return result;
      const failure = { status: 2, responseCode: 0, response: "", durationMs: 0, errorCode: null } as const;
      const attempt = { id: job.messageId + 0.7e9, publicId: "atmpt_held", url: "", detailJson: null, ...failure };
      return { kind: "made", attempt, retryAfterMs: null };
    },
  };
}
