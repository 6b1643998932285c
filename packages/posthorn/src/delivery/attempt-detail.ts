/** What of an attempt is kept beside its columns, with secrets hidden and within bounds. */
import type { EgressResult } from "@posthorn/egress";
import { encodeDetail, type ResponseFacts, type StandardFacts } from "../domain/attempt/detail.ts";
import { isSecretResponseHeader } from "../domain/secret-headers.ts";
import type { ChangeFacts } from "./change-facts.ts";
import type { Verdict } from "../destinations/http/judge.ts";

export interface Sent {
  readonly method: string;
  readonly standard: StandardFacts;
  /** Names and values beside the standard ones, masked where they are secrets. */
  readonly headers: readonly (string | null)[];
  readonly bodyBytes: number;
  /** See `AttemptFacts.extra`. */
  readonly extra: Readonly<Record<string, unknown>> | null;
}

/** Response headers that are kept … */
const MAX_HEADERS = 64;
/** … and the characters of their names and values in all. */
const MAX_HEADER_CHARACTERS = 4096;

export function detailOf(sent: Sent, result: EgressResult, verdict: Verdict): string {
  const tls = result.kind === "response" ? result.tls : undefined;
  return encodeDetail({
    method: sent.method,
    standard: sent.standard,
    headers: sent.headers,
    bodyBytes: sent.bodyBytes,
    timings: result.timings,
    peer: result.peer,
    tls: tls === undefined ? null : { protocol: tls.protocol, certificateValidTo: Date.parse(tls.validTo) },
    response: result.kind === "response" ? responseFacts(result) : null,
    sentence: verdict.sentence,
    retryAfterMs: verdict.retryAfterMs,
    extra: sent.extra,
  });
}

const NOTHING_SENT = { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" } as const;
const NO_TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;

/** Of an attempt that failed before anything was sent. */
export function unsentDetail(change: ChangeFacts, totalMs: number): string {
  return encodeDetail({
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
    extra: { change, unsent: true },
  });
}

function responseFacts({ headers, truncated, bodyError }: Extract<EgressResult, { kind: "response" }>): ResponseFacts {
  const kept: (string | null)[] = [];
  let room = MAX_HEADER_CHARACTERS;
  for (let index = 0; index + 1 < headers.length && kept.length < 2 * MAX_HEADERS; index += 2) {
    const name = headers[index]!;
    const value = headers[index + 1]!;
    room -= name.length + value.length;
    if (room < 0) break;
    kept.push(name, isSecretResponseHeader(name, value) ? null : value);
  }
  return { headers: kept, headersCut: kept.length < headers.length, truncated, bodyError: bodyError?.code ?? null };
}
