/** HTTP destination: builds the request, signs it, sends it through the guarded client, and judges the response. */
import type { EgressResponse } from "@posthorn/egress";
import type { OutgoingRequest } from "../../domain/delivery/outgoing-request.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { SeenCertificate } from "../../workers/certificate-monitor.ts";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import { type EndpointSender, namingProxy } from "./endpoint-sender.ts";
import { failureOf, type SentRequest } from "./failure.ts";
import { forwardedRequest } from "./forward.ts";
import { flatHeaders, type HeaderFamily, signedHeaders, standardHeaders, USER_AGENT } from "./headers.ts";
import { judge, MAX_RESPONSE_BYTES, responseFacts } from "./response.ts";

export interface HttpDestinationOptions {
  readonly sender: EndpointSender;
  readonly now: () => number;
  /** Header names under which the signature of a delivery is sent. */
  readonly families: readonly HeaderFamily[];
  readonly secretBox: SecretBox;
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
  /** Empty: it is among the headers. */
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
    const verdict = judge(result, endpoint.policy.success, now());
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
  #request({ endpoint, requestJson, changed, contentType, body }: OutgoingMessage): UnsignedRequest {
    const { families, secretBox } = this.#options;
    if (requestJson === null) {
      const as = { families, userAgent: USER_AGENT };
      if (changed !== null)
        return { ...changed, shownUrl: changed.url, masked: endpoint.masked(changed.headers), ...as };
      const { url, headers, maskedHeaders: masked } = endpoint;
      return { method: "POST", url, shownUrl: url, headers, masked, contentType, body, ...as };
    }
    const forwarded = forwardedRequest({
      endpoint,
      requestJson,
      families,
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
