/** Rows to put into a store. Without imports of values, so that threads and child processes can use them. */
import type { AttemptRecord, Outcome } from "../../src/store/delivery.ts";
import type { AcceptEntry } from "../../src/store/store.ts";

/** A message with a delivery to endpoint 1, due since time 0. */
export function acceptEntry(id: number, changes: Partial<AcceptEntry> = {}): AcceptEntry {
  return {
    id,
    publicId: `msg_${id}`,
    appId: 1,
    eventType: "test.event",
    eventId: null,
    channelsJson: null,
    tagsJson: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    payload: Buffer.from(`{"id":${id}}`),
    contentType: "application/json",
    expiresAt: null,
    deliverAt: null,
    due: 0,
    endpointIds: [1],
    idempotency: null,
    ...changes,
  };
}

export function attemptRecord(id: number, changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    id,
    publicId: `atmpt_${id}`,
    url: "https://example.com/",
    status: 0,
    responseCode: 200,
    response: "",
    durationMs: 1,
    errorCode: null,
    detailJson: null,
    ...changes,
  };
}

/** The outcome of a scheduled attempt that succeeded. */
export function successOutcome(messageId: number, changes: Partial<Outcome> = {}): Outcome {
  return {
    messageId,
    endpointId: 1,
    generation: 0,
    trigger: 0,
    state: 1,
    due: null,
    attempts: 1,
    attempt: null,
    ...changes,
  };
}
