/** Asks providers' own APIs through the guarded client, and takes in what they say was missed. */
import type { Egress } from "@posthorn/egress";
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
import { signProvider } from "@posthorn/webhooks/testing";
import type { Services } from "../domain/context.ts";
import type { ProviderApis, TakenIn } from "../domain/reconcile/provider-apis.ts";
import { USER_AGENT } from "../delivery/headers.ts";
import type { ApiAnswer, ApiRequest, ApiSilence, EventContent, ListedEvent } from "../reconcile/types.ts";
import { acceptEvent } from "./accept.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import type { EventFacts } from "./verifier.ts";

export interface ProviderApisOptions {
  readonly services: () => Services;
  readonly index: Pick<SourceIndex, "source">;
  readonly egress: Pick<Egress, "send">;
  /** Told of what was taken in, as the door tells it. */
  readonly onStored: (source: LiveSource, facts: EventFacts, contentType: string, body: Uint8Array) => void;
}

const TIMEOUT_MS = 20_000;
/** A page of a hundred events of Stripe is rarely more than a megabyte. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export class GuardedProviderApis implements ProviderApis {
  readonly #options: ProviderApisOptions;

  constructor(options: ProviderApisOptions) {
    this.#options = options;
  }

  async send({ method, url, headers }: ApiRequest): Promise<ApiAnswer | ApiSilence> {
    const result = await this.#options.egress.send({
      method,
      url,
      headers: ["user-agent", USER_AGENT, ...headers],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
    if (result.kind === "error") return { status: null, message: result.message };
    if (result.truncated || result.bodyError !== undefined) {
      return { status: null, message: "The answer of the provider's API did not arrive in full." };
    }
    const answered = new Map<string, string>();
    for (let index = 0; index + 1 < result.headers.length; index += 2) {
      answered.set(result.headers[index]!.toLowerCase(), result.headers[index + 1]!);
    }
    return { status: result.status, headers: answered, body: Buffer.from(result.body) };
  }

  /**
   * The event gets the signature that the provider would have given it, by the secret of the source: what stands behind the door
   * verifies it as any other. Where there is no such secret it goes without.
   */
  async takeIn(sourceKey: number, content: EventContent, listed: ListedEvent | null): Promise<TakenIn> {
    const { services, index, onStored } = this.#options;
    const source = await index.source(sourceKey);
    if (source === null) return "gone";
    const { body } = content;
    const headers = [...content.headers, ...(await signatureOf(source, content, services().now()))];
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
    const accepted = await acceptEvent(services(), { source, request, body, facts });
    if (accepted.kind === "stored") onStored(source, facts, content.headers[1] ?? "", body);
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
  for (let index = 0; index + 1 < headers.length; index += 2) byName[headers[index]!.toLowerCase()] = headers[index + 1]!;
  return byName;
}
