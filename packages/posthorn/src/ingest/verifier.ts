/** Verifies requests and distinguishes events from handshakes. */
import { WebhookError, type WebhookErrorCode, type WebhookRequest } from "@posthorn/webhooks";
import {
  acceptance,
  answerHandshake,
  describe,
  type HandshakeAction,
  type Inbound,
  openInbound,
  type ProviderDefinition,
  type ProviderOptions,
  type ProviderVerified,
  type ProviderVerifier,
  providerVerifier,
  rejection,
  type WebhookResponse,
} from "@posthorn/webhooks/provider";
import { nextRound } from "../lib/time-slice.ts";

/** Largest body that is decoded, parsed and verified in one turn of the event loop. */
const ONE_TURN_BYTES = 1024 * 1024;

/** Facts about an event, in the same form for every provider. */
export interface EventFacts {
  readonly type: string;
  /** The provider's ID of the delivery, the same for every redelivery. */
  readonly id: string | null;
  /** Unix milliseconds. */
  readonly occurredAt: number | null;
}

export type Verdict =
  | { readonly kind: "handshake"; readonly response: WebhookResponse; readonly action: HandshakeAction | null }
  | { readonly kind: "event"; readonly verified: ProviderVerified; readonly facts: EventFacts }
  | { readonly kind: "refused"; readonly error: WebhookError; readonly response: WebhookResponse };

/** Errors caused by the configuration of the source. The response is a 500, so that the provider retries. */
const OURS: ReadonlySet<WebhookErrorCode> = new Set([
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
]);

/** Longest event type stored. */
const MAX_TYPE = 256;

export class InboundVerifier {
  readonly definition: ProviderDefinition;
  readonly #options: ProviderOptions;
  readonly #verifier: ProviderVerifier;
  /** Whether a request is verified at once: schemes with a shared secret fetch nothing. */
  #isImmediate: boolean;

  constructor(definition: ProviderDefinition, options: ProviderOptions) {
    this.definition = definition;
    this.#options = options;
    this.#verifier = providerVerifier(definition, options);
    const { handshakes, schemes } = definition;
    this.#isImmediate = handshakes === undefined && schemes.every(({ needs }) => needs === "secrets");
  }

  /** Returns no promise for the requests of most providers. */
  verify(request: WebhookRequest): Verdict | Promise<Verdict> {
    // Parsed once, for both verification and description.
    const inbound = openInbound(request, this.definition.payload);
    if (!this.#isImmediate || request.body.byteLength > ONE_TURN_BYTES) return this.#verifyLater(inbound);
    let verified: ProviderVerified;
    try {
      verified = this.#verifier.verifySync(inbound);
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      if (error.code !== "runtime_unsupported") return this.#refused(error);
      this.#isImmediate = false;
      return this.#verifyLater(inbound);
    }
    return this.#accepted(inbound, verified);
  }

  async #verifyLater(inbound: Inbound): Promise<Verdict> {
    const isLarge = inbound.body.byteLength > ONE_TURN_BYTES;
    if (this.definition.handshakes !== undefined) {
      if (isLarge) await readInTurns(inbound);
      const handshake = await this.handshake(inbound);
      if (handshake !== null) return handshake;
    }
    const result = await this.#verifier.tryVerify(inbound);
    if (!result.ok) return this.#refused(result.error);
    if (isLarge) await readInTurns(inbound);
    return this.#accepted(inbound, result);
  }

  #accepted(inbound: Inbound, verified: ProviderVerified): Verdict {
    return { kind: "event", verified, facts: eventFacts(this.definition, inbound) };
  }

  #refused(error: WebhookError): Verdict {
    return { kind: "refused", error, response: this.#refusal(error) };
  }

  /** Handles a request that can only be a handshake. `null` if it is not one. */
  async handshake(request: WebhookRequest): Promise<Verdict | null> {
    if (this.definition.handshakes === undefined) return null;
    const found = await answerHandshake(this.definition, request, this.#options);
    if (found === undefined) return null;
    const { error, action = null, ...response } = found;
    return error === undefined ? { kind: "handshake", response, action } : { kind: "refused", error, response };
  }

  /** Response that the provider expects for an accepted event. */
  acceptance(request: Pick<WebhookRequest, "headers">): WebhookResponse {
    return acceptance(this.definition, request);
  }

  #refusal(error: WebhookError): WebhookResponse {
    if (OURS.has(error.code)) {
      return jsonResponse(
        500,
        "source_misconfigured",
        "This source cannot verify requests yet. Its quarantine shows what is missing.",
      );
    }
    // Providers that require a certain status also require an empty body.
    const { respond = {} } = this.definition;
    if (respond.reject !== undefined) return rejection(this.definition);
    return jsonResponse(
      401,
      "not_verified",
      "The request failed verification. The owner of this URL can see the reason in the source's quarantine.",
    );
  }
}

/**
 * Decodes and parses a body in two turns of the event loop, and ends in a third one: each step takes tens of milliseconds for the largest
 * bodies, and together with the hash of the body they would delay other requests too long. The request keeps both results.
 */
async function readInTurns(inbound: Inbound): Promise<void> {
  inbound.text();
  await nextRound();
  inbound.payload();
  await nextRound();
}

/** Error response in JSON. */
export function jsonResponse(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): WebhookResponse {
  const body = JSON.stringify({ code, detail });
  return { status, headers: { "content-type": "application/json", ...headers }, body };
}

/** Facts about an event. For several events in one request: their common type, or `mixed`. */
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
