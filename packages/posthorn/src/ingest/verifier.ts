/** Judges a request: a handshake, an event, or neither. */
import type { WebhookError, WebhookErrorCode, WebhookRequest } from "@posthorn/webhooks";
import {
  acceptance,
  answerHandshake,
  describe,
  type HandshakeAction,
  openInbound,
  type ProviderDefinition,
  type ProviderOptions,
  type ProviderVerified,
  type ProviderVerifier,
  providerVerifier,
  rejection,
  type WebhookAnswer,
} from "@posthorn/webhooks/provider";

/** What an event is about, in the same words for every provider. */
export interface EventFacts {
  readonly type: string;
  /** The provider's own id of the delivery, the same however often it sends it. */
  readonly id: string | null;
  /** Unix milliseconds. */
  readonly occurredAt: number | null;
}

export type Verdict =
  | { readonly kind: "handshake"; readonly answer: WebhookAnswer; readonly action: HandshakeAction | null }
  | { readonly kind: "event"; readonly verified: ProviderVerified; readonly facts: EventFacts }
  | { readonly kind: "refused"; readonly error: WebhookError; readonly answer: WebhookAnswer };

/** Errors that say that the source is not set up right: the provider may be told to try again. */
const OURS: ReadonlySet<WebhookErrorCode> = new Set([
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
]);

/** Longest event type that is kept. */
const MAX_TYPE = 256;

export class InboundVerifier {
  readonly definition: ProviderDefinition;
  readonly #options: ProviderOptions;
  readonly #verifier: ProviderVerifier;

  constructor(definition: ProviderDefinition, options: ProviderOptions) {
    this.definition = definition;
    this.#options = options;
    this.#verifier = providerVerifier(definition, options);
  }

  async judge(request: WebhookRequest): Promise<Verdict> {
    // Opened once: what is read of it to verify is there when it is described.
    const inbound = openInbound(request, this.definition.payload);
    if (this.definition.handshakes !== undefined) {
      const handshake = await this.handshake(inbound);
      if (handshake !== null) return handshake;
    }
    const result = await this.#verifier.tryVerify(inbound);
    if (!result.ok) return { kind: "refused", error: result.error, answer: this.#refusal(result.error) };
    return { kind: "event", verified: result, facts: eventFacts(this.definition, inbound) };
  }

  /** Answers a request that may be nothing but a handshake. */
  async handshake(request: WebhookRequest): Promise<Verdict | null> {
    if (this.definition.handshakes === undefined) return null;
    const found = await answerHandshake(this.definition, request, this.#options);
    if (found === undefined) return null;
    const { error, action = null, ...answer } = found;
    return error === undefined ? { kind: "handshake", answer, action } : { kind: "refused", error, answer };
  }

  /** What the provider expects when it was taken in. */
  acceptance(request: Pick<WebhookRequest, "headers">): WebhookAnswer {
    return acceptance(this.definition, request);
  }

  #refusal(error: WebhookError): WebhookAnswer {
    if (OURS.has(error.code)) {
      return jsonResponse(500, "source_misconfigured", "The source is not set up to verify this request.");
    }
    // A provider that demands a status demands an empty body too.
    const { respond = {} } = this.definition;
    if (respond.reject !== undefined) return rejection(this.definition);
    return jsonResponse(401, "not_verified", "The request does not verify. The owner of this URL can see why.");
  }
}

/** An answer of ours that is no success. */
export function jsonResponse(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): WebhookAnswer {
  const body = JSON.stringify({ code, detail });
  return { status, headers: { "content-type": "application/json", ...headers }, body };
}

/** What an event is about. Several events in one request have a type in common, or are `mixed`. */
export function eventFacts(definition: ProviderDefinition, request: WebhookRequest): EventFacts {
  const { type, id, occurredAt, events } = describe(definition, request);
  const [first] = events;
  const common = type ?? (events.every((event) => event.type === first?.type) ? first?.type : "mixed");
  return {
    type: cleanType(common ?? "unknown"),
    id: id ?? null,
    occurredAt: occurredAt?.getTime() ?? null,
  };
}

function cleanType(type: string): string {
  const clean = (/^[\x20-\x7e]*$/.test(type) ? type : type.replace(/[^\x20-\x7e]/g, "_")).slice(0, MAX_TYPE);
  return clean === "" ? "unknown" : clean;
}
