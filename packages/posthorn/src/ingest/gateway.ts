/**
 * Receives webhook requests: finds the source, applies its limits, verifies, hands events to the intake, and builds the response.
 * Independent of the HTTP server.
 */
import type { HandshakeAction, ProviderVerified, WebhookResponse } from "@posthorn/webhooks/provider";
import type { Services } from "../domain/context.ts";
import { HOPS_HEADER, hopCountOf, MAX_HOPS } from "../domain/message/hop-count.ts";
import type { InboundTracing } from "../domain/tracing.ts";
import type { InboundOrigin, InboundRequest } from "../domain/message/request.ts";
import { ingestUrl } from "../domain/source/token.ts";
import { type SplitBatch, splitBatch, STRUCTURED_TYPE } from "./cloud-events-batch.ts";
import { configuredResponse } from "./configured-response.ts";
import type { EndpointResponses } from "./endpoint-responses.ts";
import { headerOf } from "./headers.ts";
import { type InboundResponse, plainResponse } from "./inbound-response.ts";
import type { Intake } from "./intake.ts";
import type { InboundLimits } from "./limits.ts";
import type { LiveSource } from "./live-source.ts";
import { withheldPermission } from "./permission.ts";
import type { Quarantine } from "./quarantine.ts";
import type { SourceIndex } from "./source-index.ts";
import type { Stored } from "./store-event.ts";
import { respondToHub } from "./websub.ts";
import { WEBHOOK_SOURCE, WEBSUB_KIND } from "../sources/kinds.ts";
import { type EventFacts, jsonResponse, type Verdict } from "./verifier.ts";

/** Request to the URL of a source, with its body read. */
export interface IngestRequest {
  readonly token: string;
  readonly method: string;
  /** Path after the token: empty, or starting with a slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Alternating names and values, as sent. */
  readonly rawHeaders: readonly string[];
  /** By lower-case name, joined as Node does. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
  readonly body: Uint8Array;
  /** Context of the span of the request; absent: there is none. */
  readonly trace?: string;
}

export interface GatewayOptions {
  readonly services: () => Services;
  readonly index: SourceIndex;
  readonly intake: Pick<Intake, "take">;
  readonly limits: InboundLimits;
  /** Calls the URL that confirms a subscription. Rejects unless the response is 2xx. */
  readonly confirm: (url: string) => Promise<void>;
  readonly responses: EndpointResponses;
  readonly quarantine: Quarantine;
  readonly onFailure: (what: string, error: unknown) => void;
}

/** Response for an unknown URL. It does not reveal whether the URL ever existed. */
export const NO_SOURCE: WebhookResponse = jsonResponse(404, "not_found", "There is no source at this URL.");
const LOOP = jsonResponse(
  508,
  "loop_detected",
  `This event was forwarded ${MAX_HOPS} times: an endpoint of a source leads back to the source. Change the URL of that endpoint.`,
);
export const BUSY: WebhookResponse = jsonResponse(503, "busy", "The server is busy. Try again later.", {
  "retry-after": "5",
});

export class Gateway {
  readonly limits: InboundLimits;
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  /** Origin of the URLs of sources. */
  get ingestUrl(): string {
    return this.#options.services().rules.ingestUrl();
  }

  /** The source of a token, if it is in memory and current. */
  known(token: string): LiveSource | null {
    const source = this.#options.index.known(token);
    return source?.receives === true ? source : null;
  }

  /** The source of a token, or the response if there is none. */
  async find(token: string): Promise<LiveSource | WebhookResponse> {
    const source = await this.#options.index.find(token);
    if (source === "busy") return BUSY;
    return source === null || !source.receives ? NO_SOURCE : source;
  }

  /** Largest body that the source accepts, in bytes. */
  maxBodyBytes({ settings }: LiveSource): number {
    const { maxInboundBytes } = this.#options.services().rules;
    return Math.min(settings.maxBodyBytes ?? maxInboundBytes, maxInboundBytes);
  }

  /** Checks address, loops and rate before the body is read. Returns the response if the request is refused. */
  admit(source: LiveSource, { address, headers }: Pick<IngestRequest, "address" | "headers">): WebhookResponse | null {
    if (!source.admits(address)) {
      return jsonResponse(403, "address_refused", "This source does not accept requests from your IP address.");
    }
    if (hopCountOf(headers[HOPS_HEADER]) >= MAX_HOPS) return LOOP;
    if (this.#options.services().backlog.isFullFor(source.key)) return BUSY;
    const wait = this.limits.waitOf(source.key, source.settings.rateLimit);
    if (wait === 0) return null;
    const detail = "This source receives more requests than its rate limit allows. Try again later.";
    return jsonResponse(429, "rate_limited", detail, { "retry-after": String(wait) });
  }

  /** Verifies a request, stores its event or quarantines it, and returns the response. */
  receive(source: LiveSource, request: IngestRequest): Promise<InboundResponse> {
    const { tracing } = this.#options.services();
    const response = tracing === null ? this.#respond(source, request) : this.#traced(tracing, source, request);
    return source.plainResponsesOnly ? response.then(plainResponse) : response;
  }

  async #traced(tracing: InboundTracing, source: LiveSource, request: IngestRequest): Promise<InboundResponse> {
    const span = tracing.inbound({ id: source.settings.id, provider: source.definition.id }, request);
    let status = 500;
    try {
      const response = await this.#respond(source, { ...request, trace: span.context });
      status = response.status;
      return response;
    } finally {
      span.end(status);
    }
  }

  /** Not async, like what it calls for an ordinary event, so that only storing the event creates promises. */
  #respond(source: LiveSource, request: IngestRequest): Promise<InboundResponse> {
    if (source.settings.kind === WEBSUB_KIND) return respondToHub(this.#options, source, request);
    const verdict = this.#verify(source, request);
    if (!(verdict instanceof Promise)) return this.#respondTo(source, request, verdict);
    return verdict.then((found) =>
      found === null ? this.#methodRefused(source) : this.#respondTo(source, request, found),
    );
  }

  #respondTo(source: LiveSource, request: IngestRequest, verdict: Verdict): Promise<InboundResponse> {
    switch (verdict.kind) {
      case "handshake":
        this.#keepWithheld(source, request, verdict.response);
        return this.#completeHandshake(source, verdict.response, verdict.action);
      case "refused":
        this.#options.quarantine.keep(source, {
          reason: verdict.error.code,
          detail: verdict.error.message,
          request: unverified(source, request),
          body: request.body,
        });
        return Promise.resolve(verdict.response);
      case "event":
        return this.#takeAll(source, request, verdict.verified, verdict.facts);
    }
  }

  /** `null` if the request is neither an event, which would use another method, nor a handshake. */
  #verify(source: LiveSource, request: IngestRequest): Verdict | Promise<Verdict | null> {
    const { method, headers, body } = request;
    const webhook = { method, headers, body, url: urlOf(this.#options.services(), request) };
    return source.takes(method) ? source.verifier.verify(webhook) : source.verifier.handshake(webhook);
  }

  #keepWithheld(source: LiveSource, request: IngestRequest, response: WebhookResponse): void {
    const withheld = withheldPermission(request, response);
    if (withheld === null) return;
    this.#options.quarantine.keep(source, { ...withheld, request: unverified(source, request), body: request.body });
  }

  #methodRefused({ settings }: LiveSource): WebhookResponse {
    const allow = settings.methods.join(", ");
    return jsonResponse(405, "method_not_allowed", `This source accepts ${allow}.`, { allow });
  }

  async #completeHandshake(
    source: LiveSource,
    response: WebhookResponse,
    action: HandshakeAction | null,
  ): Promise<WebhookResponse> {
    if (action === null) return response;
    try {
      if (action.kind === "fetch") await this.#options.confirm(action.url);
      else await this.#options.quarantine.storeFirstSecret(source, action.secret);
      return response;
    } catch (error) {
      this.#options.onFailure("a handshake with a provider failed", error);
      return jsonResponse(502, "handshake_failed", "The handshake could not be completed. Try again.");
    }
  }

  /** Stores the event of a request, or each of a batch. */
  #takeAll(
    source: LiveSource,
    request: IngestRequest,
    verified: ProviderVerified,
    facts: EventFacts,
  ): Promise<InboundResponse> {
    const contentType = headerOf(request.rawHeaders, "content-type") ?? "";
    const batch = splitBatch(source.definition, { contentType, body: request.body });
    return batch === null
      ? this.#take(source, request, verified, facts)
      : this.#takeBatch(source, request, verified, batch);
  }

  async #takeBatch(
    source: LiveSource,
    request: IngestRequest,
    verified: ProviderVerified,
    batch: SplitBatch,
  ): Promise<InboundResponse> {
    if (batch.kind === "invalid") return jsonResponse(400, "bad_request", batch.message);
    const { intake } = this.#options;
    const { method, path, query, address, rawHeaders } = request;
    const headers = withContentType(rawHeaders, STRUCTURED_TYPE);
    // The events are stored together, and acknowledged only if all of them are stored. Otherwise the sender repeats the batch, and events that
    // were already stored are recognised by their ID.
    const results = await Promise.all(
      batch.events.map((event) =>
        intake.take(source, {
          ...event.facts,
          contentType: STRUCTURED_TYPE,
          headers,
          body: event.body,
          trace: request.trace,
          trust: verified.trust,
          origin: {
            kind: "request",
            provider: source.definition.id,
            scheme: verified.scheme,
            request: { method, path, query, address },
          },
        }),
      ),
    );
    const refused = results.find(({ kind }) => kind === "gone" || kind === "busy");
    if (refused?.kind === "gone") return NO_SOURCE;
    return refused?.kind === "busy" ? quotaExceeded(refused.retryAfterSeconds) : source.verifier.acceptance(request);
  }

  #take(
    source: LiveSource,
    request: IngestRequest,
    { scheme, trust }: ProviderVerified,
    facts: EventFacts,
  ): Promise<InboundResponse> {
    const { intake, responses } = this.#options;
    const { method, path, query, address, rawHeaders: headers, body } = request;
    const event = {
      ...facts,
      contentType: headerOf(headers, "content-type") ?? "",
      headers,
      body,
      trust,
      trace: request.trace,
      origin: {
        kind: "request" as const,
        provider: source.definition.id,
        scheme,
        request: { method, path, query, address },
      },
    };
    const hooks = { beforeFirstAttempt: (messageId: number) => responses.expect(source, messageId) };
    return intake.take(source, event, hooks).then((taken) => {
      if (taken.kind === "stored" && source.settings.response === null) return source.verifier.acceptance(request);
      if (taken.kind === "gone") return NO_SOURCE;
      if (taken.kind === "busy") return quotaExceeded(taken.retryAfterSeconds);
      return this.#responseTo(source, request, facts, taken);
    });
  }

  async #responseTo(
    source: LiveSource,
    request: IngestRequest,
    facts: EventFacts,
    taken: Exclude<Stored, { kind: "gone" }>,
  ): Promise<InboundResponse> {
    const { response } = source.settings;
    if (response === null) return source.verifier.acceptance(request);
    const { responses } = this.#options;
    if (taken.kind === "stored") {
      const own = await responses.of(source, taken.messageId, taken.endpointIds);
      if (own !== null) return own;
    }
    await responses.delay(response.delayMs ?? 0);
    const id = taken.kind === "stored" ? taken.publicId : "";
    return configuredResponse(response, source.definition, { ...request, id, type: facts.type });
  }
}

function quotaExceeded(retryAfterSeconds: number): WebhookResponse {
  const detail = "This source has received its daily quota of events.";
  return jsonResponse(429, "quota_exceeded", detail, { "retry-after": String(retryAfterSeconds) });
}

/** Headers of a request for one of its events. */
function withContentType(rawHeaders: readonly string[], contentType: string): readonly string[] {
  return rawHeaders.map((value, index) =>
    index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === "content-type" ? contentType : value,
  );
}

/** The URL that the provider called. */
function urlOf(services: Services, { token, path, query }: IngestRequest): string {
  return `${ingestUrl({ services }, WEBHOOK_SOURCE, token)}${path}${query === "" ? "" : `?${query}`}`;
}

/** The request as it is stored in quarantine. */
function unverified(
  { definition }: LiveSource,
  { method, path, query, rawHeaders: headers, address }: IngestRequest,
): InboundRequest {
  const origin: InboundOrigin = {
    provider: definition.id,
    scheme: "none",
    trust: "none",
    deliveryId: null,
    occurredAt: null,
  };
  return { method, path, query, headers, address, origin };
}
