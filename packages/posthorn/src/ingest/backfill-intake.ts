/** Takes in what a provider's API says was missed, as if it had come in through the door. */
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
import { signProvider } from "@posthorn/webhooks/testing";
import type { Services } from "../domain/context.ts";
import type { TakenIn } from "../domain/backfill/provider-apis.ts";
import type { EventContent, ListedEvent } from "../backfill/types.ts";
import { acceptEvent, headerOf } from "./store-event.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import type { InboundEvent } from "./traffic-sampler.ts";
import type { EventFacts } from "./verifier.ts";

export interface BackDoorOptions {
  readonly services: () => Services;
  readonly index: Pick<SourceIndex, "source">;
  /** Told of what was taken in, as by the door. */
  readonly onStored: (event: InboundEvent) => void;
}

export class BackDoor {
  readonly #options: BackDoorOptions;

  constructor(options: BackDoorOptions) {
    this.#options = options;
  }

  /**
   * The event gets the signature that the provider would have given it, by the secret of the source: what stands behind the door
   * verifies it as any other. Where there is no such secret it goes without.
   */
  async takeIn(sourceKey: number, content: EventContent, listed: ListedEvent | null): Promise<TakenIn> {
    const { index, onStored } = this.#options;
    const services = this.#options.services();
    const source = await index.source(sourceKey);
    if (source === null) return "gone";
    const { body } = content;
    const headers = [...content.headers, ...(await signatureOf(source, content, services.now()))];
    const verdict = await source.verifier.judge({ method: "POST", url: "", headers: headersOf(headers), body });
    const facts: EventFacts = verdict.kind === "event" ? verdict.facts : factsOf(listed);
    const origin = {
      provider: source.definition.id,
      scheme: "provider-api",
      trust: verdict.kind === "event" ? verdict.verified.trust : ("none" as const),
      deliveryId: facts.id,
      occurredAt: facts.occurredAt,
    };
    const request = { method: "POST", path: "", query: "", headers, address: "", origin };
    const accepted = await acceptEvent(services, { source, request, body, facts });
    if (accepted.kind === "stored") {
      const contentType = headerOf(headers, "content-type") ?? "";
      onStored({ sourceKey, eventType: facts.type, contentType, body, at: services.now() });
    }
    return accepted.kind;
  }
}

function factsOf(listed: ListedEvent | null): EventFacts {
  return { type: listed?.eventType ?? "", id: listed?.deliveryId ?? null, occurredAt: listed?.occurredAt ?? null };
}

async function signatureOf(source: LiveSource, { headers, body }: EventContent, now: number): Promise<string[]> {
  const [secret] = source.options.secrets ?? [];
  if (secret === undefined || !isSymmetric(source.definition)) return [];
  const signed = await signProvider(source.definition, { body, secret, now: () => now });
  const known = headersOf(headers);
  const added = Object.entries(signed.headers as Readonly<Record<string, string>>);
  return added.filter(([name]) => !(name in known)).flat();
}

function isSymmetric({ schemes }: ProviderDefinition): boolean {
  return schemes[0]?.kind === "hmac";
}

function headersOf(headers: readonly string[]): Record<string, string> {
  const byName: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2)
    byName[headers[index]!.toLowerCase()] = headers[index + 1]!;
  return byName;
}
