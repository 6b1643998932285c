import { deduplicationKey, describe } from "../provider/describe.ts";
import { acceptance, answerHandshake, rejection } from "../provider/handshake.ts";
import { openInbound } from "../provider/inbound.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { type ProviderOptions, type ProviderVerified, providerVerifier } from "../provider/verify.ts";
import { errorReply } from "./reply.ts";
import type { SourceResult, WebhookSource } from "./source.ts";

/**
 * Source for the webhooks of one provider: verifies requests the way the provider signs them, answers its handshakes,
 * and responds to deliveries with the status and body that the provider expects.
 *
 * @param definition Definition of the provider, such as `github` from `@posthorn/webhooks/providers/github`.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns A source for {@link createReceiver}.
 *
 * @example
 *
 * ```ts
 * import { github } from "@posthorn/webhooks/providers/github";
 * import { createReceiver, providerWebhooks } from "@posthorn/webhooks/receiver";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const receiver = createReceiver({
 *   source: providerWebhooks(github, { secrets: "hush" }),
 *   handle: ({ type }) => {
 *     console.log(type); // issues.opened
 *   },
 * });
 *
 * const headers = { "x-github-event": "issues", "x-github-delivery": "1" };
 * const reply = await receiver.receive(
 *   await signProvider(github, { secret: "hush", headers, body: '{"action":"opened"}' }),
 * );
 * console.log(reply.status); // 200
 * ```
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

/**
 * Checks whether the delivery ID is in a header while the signature covers only the body. Such an ID can be replaced
 * in a captured request to make it look like a new delivery.
 */
function hasUnsignedId({ delivery }: ProviderDefinition, { trust, covers }: ProviderVerified): boolean {
  const templates = typeof delivery === "string" ? [delivery] : (delivery ?? []);
  return trust === "signed" && covers === "body" && templates.some((template) => template.includes("{header:"));
}
