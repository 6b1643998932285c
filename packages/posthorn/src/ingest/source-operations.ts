/** What people do with inbound requests by hand, for the verbs of the domain. */
import type { Services } from "../domain/context.ts";
import type { InboundDesk } from "../domain/ports.ts";
import type { InboundRequest } from "../domain/message/request.ts";
import { notFound, PosthornError } from "../lib/errors.ts";
import { organisationTurn } from "../transform/fair-queue.ts";
import { transformsBusy } from "../domain/endpoint/transformation.ts";
import { acceptEvent } from "./store-event.ts";
import { type DiagnosisJob, type DiagnosisReport, prepareDiagnosis } from "./diagnosis.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import { eventFacts } from "./verifier.ts";

export class Desk implements InboundDesk {
  readonly #index: SourceIndex;
  readonly #services: () => Services;
  /** Organisations that have a diagnosis under way. */
  readonly #diagnosing = new Set<number>();

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
    request: DiagnosisJob["request"],
    otherSecrets: Readonly<Record<string, string>>,
  ): Promise<DiagnosisReport> {
    const source = await this.#source(sourceKey);
    const { orgId } = source;
    if (this.#diagnosing.has(orgId)) {
      throw new PosthornError(
        "diagnosis_running",
        "Another diagnosis of your organisation is running: try again when it has ended.",
      );
    }
    this.#diagnosing.add(orgId);
    try {
      return await this.#search(source, request, otherSecrets);
    } finally {
      this.#diagnosing.delete(orgId);
    }
  }

  async #search(
    source: LiveSource,
    request: DiagnosisJob["request"],
    otherSecrets: Readonly<Record<string, string>>,
  ): Promise<DiagnosisReport> {
    const { transforms, now } = this.#services();
    const { job, report } = await prepareDiagnosis(source, request, otherSecrets, now());
    if (report.ok) return report;
    const result = await transforms.diagnose(job, organisationTurn(source.orgId));
    if (result.kind === "busy") throw transformsBusy();
    // The thread was killed, or ran out of memory: the search went as far as it may.
    return result.kind === "failed" ? report : result;
  }

  async #source(key: number): Promise<LiveSource> {
    const source = await this.#index.source(key);
    if (source === null) throw notFound("source");
    return source;
  }
}
