/** Details of an attempt that failed before anything was sent. */
import { encodeDetail } from "../domain/attempt/detail.ts";
import type { ChangeFacts } from "./change-facts.ts";

const NOTHING_SENT = { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" } as const;
const NO_TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;

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
