/** Sends to captures of this server within the process, and everything else through the guarded HTTP client. */
import {
  type Egress,
  EGRESS_ERRORS,
  type EgressErrorCode,
  type EgressFailure,
  type EgressRequest,
  type EgressResponse,
  type EgressResult,
} from "@posthorn/egress";
import type { InboundResponse } from "../../ingest/inbound-response.ts";
import type { OwnCaptures } from "../../ingest/own-captures.ts";

type Client = Pick<Egress, "send">;

const NO_BODY = new Uint8Array(0);

export class CaptureSender implements Client {
  readonly #egress: Client;
  readonly #captures: Pick<OwnCaptures, "matches" | "receive">;

  constructor(egress: Client, captures: Pick<OwnCaptures, "matches" | "receive">) {
    this.#egress = egress;
    this.#captures = captures;
  }

  /** Never rejects. */
  async send(request: EgressRequest): Promise<EgressResult> {
    const { url, method, headers, body, signal, maySend } = request;
    if (!this.#captures.matches(url)) return this.#egress.send(request);
    const startedAt = performance.now();
    if (signal?.aborted === true || maySend?.() === false) return failure("canceled", "", startedAt);
    try {
      const received = this.#captures.receive({ url, method, headers, body: body ?? NO_BODY });
      return (await within(request, received, startedAt)) ?? (await this.#egress.send(request));
    } catch (error) {
      return failure("internal", error instanceof Error ? error.message : String(error), startedAt);
    }
  }
}

/** The response, within the time of the request. `null`: there is no such capture. */
async function within(
  { timeoutMs, maxResponseBytes, signal }: EgressRequest,
  received: Promise<InboundResponse | null>,
  startedAt: number,
): Promise<EgressResult | null> {
  const ended = Promise.withResolvers<EgressFailure>();
  const timer = setTimeout(() => ended.resolve(failure("timeout", "the capture", startedAt)), timeoutMs);
  const cancel = (): void => ended.resolve(failure("canceled", "the capture", startedAt));
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const responded = received.then((found) => found && responseOf(found, maxResponseBytes, startedAt));
    return await Promise.race([responded, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

function failure(code: EgressErrorCode, detail: string, startedAt: number): EgressFailure {
  const { fault, message } = EGRESS_ERRORS[code];
  return { kind: "error", code, fault, message, detail, timings: timings(startedAt), peer: null };
}

function responseOf({ status, headers, body }: InboundResponse, most: number, startedAt: number): EgressResponse {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    kind: "response",
    status,
    headers: Object.entries(headers).flat(),
    body: bytes.subarray(0, most),
    truncated: bytes.byteLength > most,
    timings: timings(startedAt),
    peer: null,
  };
}

function timings(startedAt: number) {
  const totalMs = performance.now() - startedAt;
  return { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: totalMs, bodyMs: 0, totalMs, reused: false };
}
