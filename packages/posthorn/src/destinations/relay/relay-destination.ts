/** Sends the messages of relay endpoints to a listener, which passes them to a server that only it can reach. */
import type { EgressFailure, EgressRequest, EgressResponse, EgressResult, EgressTimings } from "@posthorn/egress";
import { sealedIn } from "../../store/sealed-columns.ts";
import { type OpenedRequest, openRequest } from "../../domain/message/request.ts";
import type { SourceOperations } from "../../domain/source-operations.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { RelayAnswer } from "../../relay/connection.ts";
import type { LocalFailure, RelayedMessage, RequestFrame } from "../../relay/frames.ts";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import { HttpDestination, type HttpDestinationOptions, MAX_RESPONSE_BYTES } from "../http/http-destination.ts";

/** Builds the request for a listener. `resigns`: the listener receives renewed provider signatures. */
export type FrameBuilder = (listener: { readonly resigns: boolean }) => RequestFrame | Promise<RequestFrame>;

/** Passes requests to listeners. */
export interface Relay {
  /** Whether a listener of the endpoint is connected, to any node. */
  isListening(endpointKey: number): boolean;
  /** Renews the signature of a request that a source received. Never rejects. */
  resign: SourceOperations["resign"];
  /** Never rejects. */
  request(endpointKey: number, build: FrameBuilder, signal: AbortSignal): Promise<RelayAnswer>;
}

export interface RelayDestinationOptions extends Omit<HttpDestinationOptions, "sender" | "onCertificate"> {
  readonly relay: Relay;
  readonly secretBox: SecretBox;
  /** See `HttpDestinationOptions`. */
  readonly userAgent: string;
  /** Returns a name for a request that no node uses twice. */
  readonly newId: () => string;
}

/**
 * Builds and signs requests, and classifies responses, as for webhooks; only their transport differs. A listener that vanishes uses up no
 * attempt.
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
    const { now, families, secretBox, userAgent } = this.#options;
    const attempt = new RelayAttempt(this.#options, message, limits.signal);
    const sender = { send: (_endpoint: unknown, request: EgressRequest) => attempt.pass(request) };
    const http = new HttpDestination({ sender, now, families, secretBox, userAgent });
    return attempt.withResigned(http.send(message, limits));
  }
}

/** One request on its way to a listener. */
class RelayAttempt {
  readonly #options: RelayDestinationOptions;
  readonly #message: OutgoingMessage;
  readonly #signal: AbortSignal;
  /** Headers of a signature that was renewed, with names in lower case. */
  #resigned: ReadonlyMap<string, string> = new Map();

  constructor(options: RelayDestinationOptions, message: OutgoingMessage, signal: AbortSignal) {
    this.#options = options;
    this.#message = message;
    this.#signal = signal;
  }

  async pass(request: EgressRequest): Promise<EgressResult> {
    if (request.maySend?.() === false) return canceled();
    const { relay, now } = this.#options;
    const startedAt = now();
    const build: FrameBuilder = ({ resigns }) => (resigns ? this.#resign(request) : this.#frame(request));
    const answer = await relay.request(this.#message.endpoint.key, build, this.#signal);
    if (answer.kind === "gone") return canceled();
    const timings = {
      ...NO_TIMINGS,
      waitMs: answer.durationMs,
      totalMs: Math.max(answer.durationMs, now() - startedAt),
    };
    return answer.kind === "response" ? responseOf(answer, timings) : failureOf(answer, timings);
  }

  /** The result with the headers that were sent. */
  async withResigned(sending: Promise<SendResult>): Promise<SendResult> {
    const result = await sending;
    if (this.#resigned.size === 0 || result.kind === "own_fault") return result;
    return { ...result, facts: { ...result.facts, headers: withValues(result.facts.headers, this.#resigned) } };
  }

  async #resign(request: EgressRequest): Promise<RequestFrame> {
    const { relay } = this.#options;
    const received = this.#received();
    const frame = this.#frame(request);
    const notDone = (reason: string): RequestFrame => ({
      ...frame,
      message: { ...frame.message, resigned: { isDone: false, reason } },
    });
    if (received === null) return notDone("It did not come from a provider.");
    const { origin, method, headers, query } = received;
    if (origin.trust !== "signed") return notDone("Posthorn has not verified its signature.");
    if (this.#message.changed !== null) return notDone("A transformation has changed it.");
    const sent = new Set(frame.headers.map(([name]) => name.toLowerCase()));
    const resigned = await relay.resign(this.#message.endpoint.policy.lane.tenant, {
      method,
      url: `?${query}`,
      headers: pairsOf(headers).filter(([name]) => sent.has(name.toLowerCase())),
      body: this.#message.body,
      scheme: origin.scheme,
    });
    if (resigned.kind === "refused") return notDone(resigned.reason);
    this.#resigned = new Map(resigned.headers);
    return {
      ...frame,
      headers: pairsOf(withValues(request.headers, this.#resigned)),
      message: { ...frame.message, resigned: { isDone: true } },
    };
  }

  #frame(request: EgressRequest): RequestFrame {
    return {
      type: "request",
      id: this.#options.newId(),
      timeoutMs: request.timeoutMs,
      method: request.method,
      path: request.url.slice(this.#message.endpoint.url.length),
      headers: pairsOf(request.headers),
      body: Buffer.from(request.body ?? new Uint8Array(0)).toString("base64"),
      message: this.#shown(),
    };
  }

  #received(): OpenedRequest | null {
    const { requestJson, messageId } = this.#message;
    if (requestJson === null) return null;
    return openRequest(requestJson, this.#options.secretBox, sealedIn("message.request_json", messageId));
  }

  #shown(): RelayedMessage {
    const { messageId, facts } = this.#message;
    const timestamp = new Date(facts?.createdAt ?? this.#options.now()).toISOString();
    const provider = this.#received()?.origin.provider ?? null;
    return { id: messageId, eventType: facts?.eventType ?? "", timestamp, provider };
  }
}

/** Headers with these values. Names keep their place and case; those that are missing are added. */
function withValues<T extends string | null>(
  headers: readonly T[],
  values: ReadonlyMap<string, string>,
): readonly (T | string)[] {
  const missing = new Map(values);
  const all: (T | string)[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!;
    const value = values.get(name?.toLowerCase() ?? "");
    missing.delete(name?.toLowerCase() ?? "");
    // A hidden value stays hidden.
    all.push(name, value === undefined || headers[index + 1] === null ? headers[index + 1]! : value);
  }
  return [...all, ...[...missing].flat()];
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
