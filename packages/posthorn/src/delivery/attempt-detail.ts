/** What delivery adds to the details of an attempt: how the message was changed before it was sent, and that nothing was sent. */
import { isUtf8 } from "node:buffer";
import { encodeDetail } from "../domain/attempt/detail.ts";
import type { RunFacts } from "../domain/delivery/outgoing-request.ts";

/** Bytes of a changed body that are kept. */
export const MAX_KEPT_BODY_BYTES = 32_768;

/** How a message was changed. Absent for unchanged messages. */
export interface ChangeFacts {
  /** Log lines of the transformation; `null`: none ran. */
  readonly logs: readonly string[] | null;
  /** CPU time of the transformation, in milliseconds. */
  readonly cpuMs: number | null;
  /** The body that was sent; `null`: that of the message, or nothing was sent. */
  readonly body: KeptBody | null;
}

export interface KeptBody {
  readonly text: string;
  readonly encoding: "utf-8" | "base64";
  /** The body is truncated. */
  readonly cut: boolean;
}

/** @param body The body that was sent; `null` when it is that of the message. */
export function changeFacts(run: RunFacts | null, body: Uint8Array | null): ChangeFacts {
  return {
    logs: run === null ? null : run.logs,
    cpuMs: run === null ? null : Math.round(run.cpuMs * 10) / 10,
    body: body === null ? null : keptBody(body),
  };
}

export function keptBody(body: Uint8Array): KeptBody {
  const cut = body.byteLength > MAX_KEPT_BODY_BYTES;
  const bytes = Buffer.from(body.buffer, body.byteOffset, cut ? MAX_KEPT_BODY_BYTES : body.byteLength);
  const whole = withoutHalfCharacter(bytes, cut);
  return whole === null
    ? { text: bytes.toString("base64"), encoding: "base64", cut }
    : { text: whole.toString("utf8"), encoding: "utf-8", cut };
}

/** The bytes without an incomplete character at the end; `null`: they are not text. */
function withoutHalfCharacter(bytes: Buffer, cut: boolean): Buffer | null {
  for (let less = 0; less <= (cut ? 3 : 0); less++) {
    const part = bytes.subarray(0, bytes.byteLength - less);
    if (isUtf8(part)) return part;
  }
  return null;
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
