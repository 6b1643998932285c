import { deduplicationKey, describe } from "../provider/describe.ts";
import { acceptance, answerHandshake, rejection } from "../provider/handshake.ts";
import { openInbound } from "../provider/inbound.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { type ProviderOptions, type ProviderVerified, providerVerifier } from "../provider/verify.ts";
import { errorReply } from "./reply.ts";
import type { SourceResult, WebhookSource } from "./source.ts";

/**
 * A source of one provider's webhooks: verifies as the provider signs, answers its handshakes, and answers deliveries
 * with the status and body it wants to see.
 */
export function providerWebhooks(definition: ProviderDefinition, options: ProviderOptions): WebhookSource {
  const verifier = providerVerifier(definition, options);
  return {
    name: definition.id,
    async receive(request): Promise<SourceResult> {
      const handshake = await answerHandshake(definition, request, options);
      if (handshake !== undefined) {
        const { status, headers, body, error, action } = handshake;
        const reply = { status, headers, body };
        return error === undefined ? { kind: "handshake", reply, action } : { kind: "rejected", error, reply };
      }
      const result = await verifier.tryVerify(request);
      if (!result.ok) {
        const own = errorReply(result.error);
        return { kind: "rejected", error: result.error, reply: own.status === 500 ? own : rejection(definition) };
      }
      const { type, id, occurredAt } = describe(definition, request);
      return {
        kind: "event",
        verified: result,
        event: { type: type ?? "", id, occurredAt, payload: openInbound(request, definition.payload).payload() },
        deduplicationKey: await deduplicationKey(definition, request),
        idUnsigned: hasUnsignedId(definition, result),
        reply: acceptance(definition, request),
      };
    },
  };
}

/** An id in a header, under a signature of the body: a forger who has one request can make it look like another. */
function hasUnsignedId({ delivery }: ProviderDefinition, { trust, covers }: ProviderVerified): boolean {
  const templates = typeof delivery === "string" ? [delivery] : (delivery ?? []);
  return trust === "signed" && covers === "body" && templates.some((template) => template.includes("{header:"));
}
