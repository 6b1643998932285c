/** Stores events that a backfill has read from a provider's API. */
import type { ProviderDefinition } from "@posthorn/webhooks/provider";
import type { BackfillResult } from "../domain/backfill/provider-apis.ts";
import type { EventContent, ListedEvent } from "../backfill/types.ts";
import { headerOf } from "./headers.ts";
import type { Intake } from "./intake.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import type { EventFacts } from "./verifier.ts";

export interface BackfillIntakeOptions {
  readonly index: Pick<SourceIndex, "source">;
  readonly intake: Pick<Intake, "take">;
  readonly now: () => number;
}

export class BackfillIntake {
  readonly #options: BackfillIntakeOptions;

  constructor(options: BackfillIntakeOptions) {
    this.#options = options;
  }

  /**
   * Stores an event. It gets the signature that the provider would have sent with the source's secret, so that endpoints can verify it like
   * any other. Without such a secret it stays unsigned.
   */
  async take(sourceKey: number, content: EventContent, listed: ListedEvent | null): Promise<BackfillResult> {
    const { index, intake, now } = this.#options;
    const source = await index.source(sourceKey);
    if (source === null) return "gone";
    const { body } = content;
    const headers = [...content.headers, ...(await signatureOf(source, content, now()))];
    // Reads type, ID and time as for a request, and checks the signature that was just added.
    const verdict = await source.verifier.verify({ method: "POST", url: "", headers: headersOf(headers), body });
    const facts: EventFacts = verdict.kind === "event" ? verdict.facts : factsOf(listed);
    const taken = await intake.take(source, {
      ...facts,
      contentType: headerOf(headers, "content-type") ?? "",
      headers,
      body,
      trust: verdict.kind === "event" ? verdict.verified.trust : "none",
      origin: { kind: "backfill", provider: source.definition.id, scheme: "provider-api", request: null },
    });
    return taken.kind;
  }
}

function factsOf(listed: ListedEvent | null): EventFacts {
  return { type: listed?.eventType ?? "", id: listed?.deliveryId ?? null, occurredAt: listed?.occurredAt ?? null };
}

async function signatureOf(source: LiveSource, { headers, body }: EventContent, now: number): Promise<string[]> {
  const [secret] = source.options.secrets ?? [];
  if (secret === undefined || !isSymmetric(source.definition)) return [];
  // Only backfills sign as a provider.
  const { signProvider } = await import("@posthorn/webhooks/testing");
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
