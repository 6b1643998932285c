/** What people do with inbound requests by hand, for the verbs of the domain. */
import type { WebhookRequest } from "@posthorn/webhooks";
import { type Diagnosis, diagnoseProvider } from "@posthorn/webhooks/doctor";
import type { InboundDesk, Services } from "../domain/context.ts";
import type { InboundRequest } from "../domain/message/request.ts";
import { notFound } from "../errors.ts";
import { acceptEvent } from "./accept.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import { eventFacts } from "./verifier.ts";

export class Desk implements InboundDesk {
  readonly #index: SourceIndex;
  readonly #services: () => Services;

  constructor(index: SourceIndex, services: () => Services) {
    this.#index = index;
    this.#services = services;
  }

  invalidate(sourceKey: number): void {
    this.#index.invalidate(sourceKey);
  }

  clear(): void {
    this.#index.clear();
  }

  async release(sourceKey: number, request: InboundRequest, body: Uint8Array): Promise<string | null> {
    const source = await this.#source(sourceKey);
    const { method, query, headers } = request;
    const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!] as const] : []));
    const facts = eventFacts(source.definition, { method, url: `?${query}`, headers: pairs, body });
    const { id: deliveryId, occurredAt } = facts;
    const origin = { ...request.origin, trust: "released", deliveryId, occurredAt } as const;
    const accepted = await acceptEvent(this.#services(), { source, request: { ...request, origin }, body, facts });
    if (accepted.kind === "gone") throw notFound("source");
    return accepted.kind === "stored" ? accepted.publicId : null;
  }

  async diagnose(
    sourceKey: number,
    request: WebhookRequest,
    otherSecrets: Readonly<Record<string, string>>,
  ): Promise<Diagnosis> {
    const source = await this.#source(sourceKey);
    return diagnoseProvider(source.definition, request, { ...source.options, otherSecrets });
  }

  async #source(key: number): Promise<LiveSource> {
    const source = await this.#index.source(key);
    if (source === null) throw notFound("source");
    return source;
  }
}
