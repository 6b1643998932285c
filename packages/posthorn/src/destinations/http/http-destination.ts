/** HTTP destination: builds the request, signs it, sends it through the guarded client, and classifies the response. */
import { type EgressResponse, headerValue } from "@posthorn/egress";
import type { OutgoingRequest } from "../../domain/delivery/outgoing-request.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { SeenCertificate } from "../../workers/certificate-monitor.ts";
import type { Destination, DestinationReply, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import {
  type EndpointSender,
  withTrace,
  flatHeaders,
  type HeaderFamily,
  namingProxy,
  signedHeaders,
  standardHeaders,
  DELIVERY_USER_AGENT,
} from "./request.ts";
import { failureOf, type SentRequest } from "./failure.ts";
import { forwardedRequest } from "./forward.ts";
import type { ResponseFacts } from "../../domain/attempt/detail.ts";
import type { SuccessRule } from "../../domain/policy/endpoint-policy.ts";
import { isSecretResponseHeader } from "../../domain/secret-headers.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface HttpDestinationOptions {
  readonly sender: Pick<EndpointSender, "send">;
  readonly now: () => number;
  /** Header names under which the signature of a delivery is sent. */
  readonly families: readonly HeaderFamily[];
  readonly secretBox: SecretBox;
  /** User agent of the requests. Default: a neutral name. */
  readonly userAgent?: string;
  /** Called with the certificate that a receiver presented. Must be quick and must not throw. */
  readonly onCertificate?: (seen: SeenCertificate) => void;
}

/** A request that is complete except for its signature. */
interface UnsignedRequest extends OutgoingRequest {
  /** `url` without credentials. */
  readonly shownUrl: string;
  /** `headers` with `null` in place of credentials. */
  readonly masked: readonly (string | null)[];
  readonly families: readonly HeaderFamily[];
  /** Empty if the headers contain it. */
  readonly userAgent: string;
}

/** Methods whose requests have no body unless one is given. */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

export class HttpDestination implements Destination {
  readonly #options: HttpDestinationOptions;

  constructor(options: HttpDestinationOptions) {
    this.#options = options;
  }

  async send(message: OutgoingMessage, limits: SendLimits): Promise<SendResult> {
    const { sender, now } = this.#options;
    const startedAt = now();
    const { messageId, endpoint } = message;
    const { method, url, shownUrl, headers, masked, contentType, body, families, userAgent } = this.#request(message);
    const standard = standardHeaders(endpoint, { messageId, now: startedAt, contentType, body, families, userAgent });
    const unsigned = { messageId, method, url, standard, headers, masked, body };
    const signed = endpoint.requestSigner === null ? unsigned : await signedHeaders(endpoint, unsigned);
    const { timeoutMs } = endpoint.policy.values.limits;
    const result = await sender.send(endpoint, {
      method,
      url,
      headers: flatHeaders(messageId, standard, signed.headers),
      body: body.byteLength === 0 && BODILESS.has(method) ? null : body,
      timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal: limits.signal,
      // Timers stop while a machine is suspended, but its clock does not.
      maySend: () => limits.maySend() && now() - startedAt < timeoutMs,
    });
    const facts = { method, standard, headers: signed.masked, bodyBytes: body.byteLength };
    const sent = { endpoint, url, shownUrl, facts };
    return result.kind === "response"
      ? this.#responded(result, sent)
      : failureOf(namingProxy(result, endpoint.proxyOf), sent);
  }

  #responded(result: EgressResponse, { endpoint, url, shownUrl, facts }: SentRequest): SendResult {
    const { status: responseCode, timings, peer, tls } = result;
    const { onCertificate, now } = this.#options;
    if (tls !== undefined) onCertificate?.({ endpointKey: endpoint.key, url, validTo: tls.validTo });
    const verdict = classify(result, endpoint.policy.success, now());
    return {
      ...verdict,
      target: shownUrl,
      durationMs: Math.round(timings.totalMs),
      responseCode,
      facts: {
        ...facts,
        timings,
        peer,
        tls: tls === undefined ? null : { protocol: tls.protocol, certificateValidTo: Date.parse(tls.validTo) },
        response: responseFacts(result),
        sentence: verdict.sentence,
        retryAfterMs: verdict.kind === "later" ? verdict.afterMs : null,
      },
    };
  }

  /** The request for a message: as published, as received, or as transformation and format changed it. */
  #request(message: OutgoingMessage): UnsignedRequest {
    const request = this.#untraced(message);
    return message.trace === undefined ? request : { ...request, ...withTrace(request, message.trace) };
  }

  #untraced({ messageId, endpoint, requestJson, changed, contentType, body }: OutgoingMessage): UnsignedRequest {
    const { families, secretBox, userAgent = DELIVERY_USER_AGENT } = this.#options;
    if (requestJson === null) {
      const as = { families, userAgent };
      if (changed !== null)
        return { ...changed, shownUrl: changed.url, masked: endpoint.masked(changed.headers), ...as };
      const { url, headers, maskedHeaders: masked } = endpoint;
      return { method: "POST", url, shownUrl: url, headers, masked, contentType, body, ...as };
    }
    const forwarded = forwardedRequest({
      messageId,
      endpoint,
      requestJson,
      families,
      userAgent,
      secretBox,
      changed: changed === null ? null : changed.headers,
    });
    // The content type of a request that is forwarded unchanged is among its headers.
    if (changed === null) return { ...forwarded, contentType: "", body };
    const { method, url } = changed;
    // The transformation kept the URL, so path and query are forwarded as for any request.
    const target = url === endpoint.url ? forwarded : { url, shownUrl: url };
    return {
      ...forwarded,
      method: method === "POST" ? forwarded.method : method,
      url: target.url,
      shownUrl: target.shownUrl,
      contentType: changed.contentType,
      body: changed.body,
    };
  }
}

/** Bytes of a response body that are kept. */
export const MAX_RESPONSE_BYTES = 20_000;
/** Response headers that are kept. */
const MAX_HEADERS = 64;
/** Total characters of their names and values. */
const MAX_HEADER_CHARACTERS = 4096;

interface ClassifiedResponse {
  readonly response: string;
  readonly reply: DestinationReply;
  /** What to do about it, if neither the status nor the error code says so. */
  readonly sentence: string | null;
}

interface ClassifiedFailure extends ClassifiedResponse {
  readonly errorCode: "status" | "redirect" | "success_rule";
  readonly problem: null;
}

export type HttpVerdict =
  | (ClassifiedResponse & { readonly kind: "ok" })
  | (ClassifiedFailure & { readonly kind: "retry" | "closed" })
  | (ClassifiedFailure & { readonly kind: "later"; readonly afterMs: number });

const GONE = 410;

/** @param now Unix milliseconds. */
export function classify(response: EgressResponse, rule: SuccessRule, now: number): HttpVerdict {
  const { status, headers, body, truncated, bodyError } = response;
  const contentType = headerValue(headers, "content-type") ?? null;
  // A response whose body was cut off still has its status.
  const reply = { status, contentType, body, incomplete: truncated || bodyError !== undefined };
  const refusal = rule.refusal(reply);
  if (refusal === null) return { kind: "ok", response: textOf(body), reply, sentence: null };
  const byRule = !refusal.byStatus || (status >= 200 && status <= 299);
  const isRedirect = status >= 300 && status <= 399;
  const failure: ClassifiedFailure = {
    response: isRedirect ? redirectText(response) : textOf(body),
    reply,
    sentence: byRule ? refusal.sentence : null,
    errorCode: byRule ? "success_rule" : isRedirect ? "redirect" : "status",
    problem: null,
  };
  const afterMs = retryAfterMs(status, headers, now);
  if (afterMs !== null) return { kind: "later", afterMs, ...failure };
  return { kind: status === GONE ? "closed" : "retry", ...failure };
}

function redirectText({ body, location }: EgressResponse): string {
  if (body.byteLength > 0 || location === undefined) return textOf(body);
  return `Redirects are not followed. The URL points to ${location}: change the endpoint if that is right.`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text; in base64 if it is not UTF-8. */
export function textOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "";
  try {
    return utf8.decode(body);
  } catch {
    // A truncated body may end in the middle of a character.
    return decodeCut(body) ?? Buffer.from(body).toString("base64");
  }
}

function decodeCut(body: Uint8Array): string | null {
  if (body.byteLength < MAX_RESPONSE_BYTES) return null;
  for (let cut = 1; cut <= 3; cut++) {
    try {
      return utf8.decode(body.subarray(0, body.byteLength - cut));
    } catch {
      continue;
    }
  }
  return null;
}

/** The part of a response that the details of an attempt keep: secrets hidden, size limited. */
export function responseFacts({ headers, truncated, bodyError }: EgressResponse): ResponseFacts {
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
