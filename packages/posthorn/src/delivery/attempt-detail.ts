/**
 * Details of an attempt that delivery itself adds: how the message was changed before it was sent, and whether it
 * failed before anything was sent.
 */
import { encodeDetail } from "../domain/attempt/detail.ts";
import type { StoredBody } from "../domain/attempt/sent-body.ts";
import type { RunFacts } from "../domain/delivery/outgoing-request.ts";

/** How a message was changed. Absent for unchanged messages. */
export interface ChangeFacts {
  /** Log lines of the transformation; `null`: none ran. */
  readonly logs: readonly string[] | null;
  /** CPU time of the transformation, in milliseconds. */
  readonly cpuMs: number | null;
  /** The body that was sent; `null`: the body of the message, or nothing was sent. */
  readonly body: StoredBody | null;
}

/** @param body The body that was sent; `null` if it is the body of the message. */
export function changeFacts(run: RunFacts | null, body: StoredBody | null): ChangeFacts {
  return {
    logs: run === null ? null : run.logs,
    cpuMs: run === null ? null : Math.round(run.cpuMs * 10) / 10,
    body,
  };
}

const NOTHING_SENT = { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" } as const;
const NO_TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;

/** Details of an attempt that failed before anything was sent. */
export function unsentDetail(change: ChangeFacts, totalMs: number): string {
  const facts = {
    method: "POST",
    standard: NOTHING_SENT,
    headers: [],
    bodyBytes: 0,
    timings: { ...NO_TIMINGS, totalMs, reused: false },
    peer: null,
    tls: null,
    response: null,
    sentence: null,
    retryAfterMs: null,
  };
  return encodeDetail(facts, { change, unsent: true });
}
