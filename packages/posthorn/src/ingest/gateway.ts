/** The door for inbound webhooks: who may come in, what it is, where it goes, and how it is answered. Knows no HTTP server. */
import type { HandshakeAction, ProviderVerified, WebhookAnswer } from "@posthorn/webhooks/provider";
import type { Services } from "../domain/context.ts";
import { HOPS_HEADER, hopsOf, MOST_HOPS } from "../domain/message/hops.ts";
import type { InboundOrigin, InboundRequest } from "../domain/message/request.ts";
import { ingestUrl } from "../domain/source/token.ts";
import { keyAtTime } from "../lib/id.ts";
import { acceptEvent, type Accepted } from "./store-event.ts";
import type { Answers } from "./endpoint-responses.ts";
import type { DuplicateCounter } from "./duplicate-counter.ts";
import { type InboundAnswer, plainAnswer } from "./inbound-response.ts";
import { InboundLimits } from "./limits.ts";
import type { LiveSource } from "./live-source.ts";
import type { Quarantine } from "./quarantine.ts";
import { answerOf } from "./configured-response.ts";
import type { SourceIndex } from "./source-index.ts";
import type { InboundEvent } from "./traffic-sampler.ts";
import { type EventFacts, jsonAnswer, type Verdict } from "./verifier.ts";

/** A request at the door, its body read. */
export interface DoorRequest {
  readonly token: string;
  readonly method: string;
  /** What follows the token in the path: empty, or with a slash in front. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Names and values in turn, as on the wire. */
  readonly rawHeaders: readonly string[];
  /** The same by lower-case name, as Node joins them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
  readonly body: Uint8Array;
}

export interface GatewayOptions {
  readonly services: () => Services;
  readonly index: SourceIndex;
  readonly now: () => number;
  /** Calls an address that confirms a subscription; rejects when it does not answer 2xx. */
  readonly confirm: (url: string) => Promise<void>;
  readonly answers: Answers;
  readonly quarantine: Quarantine;
  readonly duplicates: Pick<DuplicateCounter, "count">;
  /** Told of each event that is on disk. Must be quick and must not throw. */
  readonly onStored: (event: InboundEvent) => void;
  readonly onFailure: (what: string, error: unknown) => void;
}

/** The answer of a door that says nothing of what is behind it. */
export const NO_SOURCE: WebhookAnswer = jsonAnswer(404, "not_found", "There is no source at this URL.");
const LOOP = jsonAnswer(
  508,
  "loop_detected",
  `This was passed on ${MOST_HOPS} times: an endpoint of a source leads back to it. Give that endpoint another URL.`,
);
export const BUSY: WebhookAnswer = jsonAnswer(503, "busy", "Too much at once: try again.", { "retry-after": "5" });

export class Gateway {
  readonly limits: InboundLimits;
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.limits = new InboundLimits(options.now);
  }

  /** The source of a token; or how to answer whoever brought the token. */
  async find(token: string): Promise<LiveSource | WebhookAnswer> {
    const source = await this.#options.index.find(token);
    if (source === "busy") return BUSY;
    return source ?? NO_SOURCE;
  }

  /** Bytes that a body may have. */
  maxBodyBytes({ settings }: LiveSource): number {
    const { maxInboundBytes } = this.#options.services().rules;
    return Math.min(settings.maxBodyBytes ?? maxInboundBytes, maxInboundBytes);
  }

  /** Whether a request may come in, asked before its body is read; the answer when it may not. */
  admit(source: LiveSource, { address, headers }: Pick<DoorRequest, "address" | "headers">): WebhookAnswer | null {
    if (!source.admits(address)) {
      return jsonAnswer(403, "address_refused", "This source takes no requests from your address.");
    }
    if (hopsOf(headers[HOPS_HEADER]) >= MOST_HOPS) return LOOP;
    const wait = this.limits.waitOf(source.key, source.settings.rateLimit);
    if (wait === 0) return null;
    const detail = "The source gets more requests than its rate allows: try again.";
    return jsonAnswer(429, "rate_limited", detail, { "retry-after": String(wait) });
  }

  /** Judges a request, keeps what is to be kept, and says how it is answered. */
  async receive(source: LiveSource, request: DoorRequest): Promise<InboundAnswer> {
    const answer = await this.#respond(source, request);
    return source.answersPlain ? plainAnswer(answer) : answer;
  }

  async #respond(source: LiveSource, request: DoorRequest): Promise<InboundAnswer> {
    const verdict = await this.#judge(source, request);
    if (verdict === null) return this.#methodRefused(source);
    switch (verdict.kind) {
      case "handshake":
        return this.#shake(source, verdict.answer, verdict.action);
      case "refused":
        this.#options.quarantine.keep(source, {
          reason: verdict.error.code,
          detail: verdict.error.message,
          request: inboundOf(source, request, null, null),
          body: request.body,
        });
        return verdict.answer;
      case "event":
        return this.#takeIn(source, request, verdict.verified, verdict.facts);
    }
  }

  /** `null`: the method is not one of events, and it is no handshake either. */
  #judge(source: LiveSource, request: DoorRequest): Promise<Verdict | null> {
    const { method, headers, body } = request;
    const webhook = { method, headers, body, url: urlOf(this.#options.services(), request) };
    return source.takes(method) ? source.verifier.judge(webhook) : source.verifier.handshake(webhook);
  }

  #methodRefused({ settings }: LiveSource): WebhookAnswer {
    const allow = settings.methods.join(", ");
    return jsonAnswer(405, "method_not_allowed", `This source takes ${allow}.`, { allow });
  }

  async #shake(source: LiveSource, answer: WebhookAnswer, action: HandshakeAction | null): Promise<WebhookAnswer> {
    if (action === null) return answer;
    try {
      if (action.kind === "fetch") await this.#options.confirm(action.url);
      else await this.#options.quarantine.storeFirstSecret(source, action.secret);
      return answer;
    } catch (error) {
      this.#options.onFailure("a handshake was not completed", error);
      return jsonAnswer(502, "handshake_failed", "The handshake could not be completed: try again.");
    }
  }

  async #takeIn(
    source: LiveSource,
    request: DoorRequest,
    verified: ProviderVerified,
    facts: EventFacts,
  ): Promise<InboundAnswer> {
    if (source.settings.dailyQuota !== null && !(await this.#withinQuota(source, source.settings.dailyQuota))) {
      const retry = { "retry-after": String(this.limits.untilTomorrow()) };
      return jsonAnswer(429, "quota_exceeded", "The source took in all that it may today.", retry);
    }
    const services = this.#options.services();
    const inbound = inboundOf(source, request, verified, facts);
    const accepted = await acceptEvent(
      services,
      { source, request: inbound, body: request.body, facts },
      {
        beforeFirstAttempt: (messageId) => this.#options.answers.expect(source, messageId),
      },
    );
    if (accepted.kind === "gone") return NO_SOURCE;
    if (accepted.kind === "stored") this.#tellStored(source, request, facts);
    else this.#options.duplicates.count({ sourceKey: source.key, of: accepted.of, at: this.#options.now() });
    return this.#answer(source, request, facts, accepted);
  }

  #tellStored(source: LiveSource, { headers, body }: DoorRequest, { type }: EventFacts): void {
    const { now, onStored } = this.#options;
    const contentType = String(headers["content-type"] ?? "");
    onStored({ sourceKey: source.key, eventType: type, contentType, body, at: now() });
  }

  async #answer(
    source: LiveSource,
    request: DoorRequest,
    facts: EventFacts,
    accepted: Exclude<Accepted, { kind: "gone" }>,
  ): Promise<InboundAnswer> {
    const { response } = source.settings;
    if (response === null) return source.verifier.acceptance(request);
    if (accepted.kind === "stored") {
      const own = await this.#options.answers.of(source, accepted.messageId, accepted.endpointIds);
      if (own !== null) return own;
    }
    await this.#options.answers.holdBack(response.delayMs ?? 0);
    const id = accepted.kind === "stored" ? accepted.publicId : "";
    return answerOf(response, source.definition, { ...request, id, type: facts.type });
  }

  async #withinQuota({ key }: LiveSource, dailyQuota: number): Promise<boolean> {
    if (!this.limits.knowsDay(key)) this.limits.beginDay(key, await this.#eventsToday(key));
    return this.limits.takeEvent(key, dailyQuota);
  }

  async #eventsToday(sourceKey: number): Promise<number> {
    const { events } = await this.#options
      .services()
      .store.hotDb.selectFrom("message")
      .select((eb) => eb.fn.countAll<number>().as("events"))
      .where("app_id", "=", sourceKey)
      .where("id", ">=", keyAtTime(this.limits.startOfDay()))
      .executeTakeFirstOrThrow();
    return events;
  }
}

/** The URL as the provider calls it. */
function urlOf(services: Services, { token, path, query }: DoorRequest): string {
  return `${ingestUrl({ services }, token)}${path}${query === "" ? "" : `?${query}`}`;
}

function inboundOf(
  source: LiveSource,
  { method, path, query, rawHeaders, address }: DoorRequest,
  verified: ProviderVerified | null,
  facts: EventFacts | null,
): InboundRequest {
  const origin: InboundOrigin = {
    provider: source.definition.id,
    scheme: verified?.scheme ?? "none",
    trust: verified?.trust ?? "none",
    deliveryId: facts?.id ?? null,
    occurredAt: facts?.occurredAt ?? null,
  };
  return { method, path, query, headers: rawHeaders, address, origin };
}
