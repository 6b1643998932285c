/** Sends the messages of relay endpoints to a listener, which passes them to a server that only it can reach. */
import type { EgressFailure, EgressRequest, EgressResponse, EgressResult, EgressTimings } from "@posthorn/egress";
import { sealedIn } from "../../store/sealed-columns.ts";
import { openRequest } from "../../domain/message/request.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { RelayAnswer } from "../../relay/connection.ts";
import type { LocalFailure, RelayedMessage, RequestFrame } from "../../relay/frames.ts";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import { HttpDestination, type HttpDestinationOptions, MAX_RESPONSE_BYTES } from "../http/http-destination.ts";

/** Passes requests to listeners. */
export interface Relay {
  /** Whether a listener of the endpoint is connected, to any node. */
  isListening(endpointKey: number): boolean;
  /** Never rejects. */
  request(endpointKey: number, frame: RequestFrame, signal: AbortSignal): Promise<RelayAnswer>;
}

export interface RelayDestinationOptions extends Omit<HttpDestinationOptions, "sender" | "onCertificate"> {
  readonly relay: Relay;
  readonly secretBox: SecretBox;
  /** Returns a name for a request that no node uses twice. */
  readonly newId: () => string;
}

/**
 * Builds, signs and judges requests as for webhooks; only their transport differs. A listener that vanishes uses up no attempt.
 */
export class RelayDestination implements Destination {
  readonly #options: RelayDestinationOptions;

  constructor(options: RelayDestinationOptions) {
    this.#options = options;
  }

  /** Without a listener, deliveries are on hold. */
  isReady(endpointKey: number): boolean {
    return this.#options.relay.isListening(endpointKey);
  }

  send(message: OutgoingMessage, limits: SendLimits): Promise<SendResult> {
    const { now, families, secretBox } = this.#options;
    const sender = {
      send: (_endpoint: unknown, request: EgressRequest) => this.#pass(message, request, limits.signal),
    };
    return new HttpDestination({ sender, now, families, secretBox }).send(message, limits);
  }

  async #pass(message: OutgoingMessage, request: EgressRequest, signal: AbortSignal): Promise<EgressResult> {
    if (request.maySend?.() === false) return canceled();
    const { relay, newId, now } = this.#options;
    const frame: RequestFrame = {
      type: "request",
      id: newId(),
      timeoutMs: request.timeoutMs,
      method: request.method,
      path: request.url.slice(message.endpoint.url.length),
      headers: pairsOf(request.headers ?? []),
      body: Buffer.from(request.body ?? new Uint8Array(0)).toString("base64"),
      message: this.#shown(message),
    };
    const startedAt = now();
    const answer = await relay.request(message.endpoint.key, frame, signal);
    if (answer.kind === "gone") return canceled();
    const timings = {
      ...NO_TIMINGS,
      waitMs: answer.durationMs,
      totalMs: Math.max(answer.durationMs, now() - startedAt),
    };
    return answer.kind === "response" ? responseOf(answer, timings) : failureOf(answer, timings);
  }

  #shown({ messageId, requestJson, facts }: OutgoingMessage): RelayedMessage {
    const { secretBox, now } = this.#options;
    const provider =
      requestJson === null
        ? null
        : openRequest(requestJson, secretBox, sealedIn("message.request_json", messageId)).origin.provider;
    const timestamp = new Date(facts?.createdAt ?? now()).toISOString();
    return { id: messageId, eventType: facts?.eventType ?? "", timestamp, provider };
  }
}

function pairsOf(headers: readonly string[]): RequestFrame["headers"] {
  return headers.flatMap((name, index): (readonly [string, string])[] =>
    index % 2 === 0 ? [[name, headers[index + 1]!]] : [],
  );
}

const NO_TIMINGS: Omit<EgressTimings, "totalMs" | "waitMs"> = {
  queueMs: 0,
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  bodyMs: null,
  reused: true,
};

function canceled(): EgressFailure {
  return {
    kind: "error",
    code: "canceled",
    fault: "canceled",
    message: "No listener is connected.",
    detail: "No listener is connected, or it vanished.",
    timings: { ...NO_TIMINGS, waitMs: null, totalMs: 0 },
    peer: null,
  };
}

function responseOf(answer: Extract<RelayAnswer, { kind: "response" }>, timings: EgressTimings): EgressResponse {
  const { status, headers, truncated } = answer;
  const body = Buffer.from(answer.body, "base64");
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "location");
  return {
    kind: "response",
    status,
    headers,
    body: body.subarray(0, MAX_RESPONSE_BYTES),
    truncated: truncated || body.byteLength > MAX_RESPONSE_BYTES,
    ...(at === -1 ? {} : { location: headers[at + 1]! }),
    timings,
    peer: null,
  };
}

const CODES: Readonly<Record<LocalFailure | "too_large", EgressFailure["code"]>> = {
  refused: "connect_refused",
  timeout: "timeout",
  tls: "tls_failed",
  dns: "dns_not_found",
  reset: "reset",
  exec: "protocol",
  stopped: "canceled",
  too_large: "protocol",
};

function failureOf({ code, message }: Extract<RelayAnswer, { kind: "error" }>, timings: EgressTimings): EgressFailure {
  return { kind: "error", code: CODES[code], fault: "target", message, detail: message, timings, peer: null };
}
