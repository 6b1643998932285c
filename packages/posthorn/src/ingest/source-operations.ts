/** Operations on live sources for the domain: cache invalidation, release from quarantine, and diagnosis. */
import type { Services } from "../domain/context.ts";
import type {
  ReceivedRequest,
  Resigned,
  SampleEvent,
  SourceOperations,
  SourceTest,
} from "../domain/source-operations.ts";
import type { InboundRequest } from "../domain/message/request.ts";
import { notFound, PosthornError } from "../lib/errors.ts";
import { organisationTurn } from "../transform/fair-queue.ts";
import { transformsBusy } from "../domain/endpoint/transformation.ts";
import { type DiagnosisJob, type DiagnosisReport, prepareDiagnosis } from "./diagnosis.ts";
import type { IngestRequest } from "./gateway.ts";
import { headerOf } from "./headers.ts";
import type { InboundResponse } from "./inbound-response.ts";
import type { Intake } from "./intake.ts";
import { resign } from "./resign.ts";
import type { LiveSource } from "./live-source.ts";
import type { SourceIndex } from "./source-index.ts";
import { buildTestRequest } from "./test-request.ts";
import { eventFacts } from "./verifier.ts";

export interface LiveSourceOperationsOptions {
  readonly index: SourceIndex;
  readonly intake: Pick<Intake, "take">;
  readonly receive: (source: LiveSource, request: IngestRequest) => Promise<InboundResponse>;
  readonly services: () => Services;
}

export class LiveSourceOperations implements SourceOperations {
  readonly #options: LiveSourceOperationsOptions;
  /** Organisations with a diagnosis in progress. */
  readonly #diagnosing = new Set<number>();

  constructor(options: LiveSourceOperationsOptions) {
    this.#options = options;
  }

  invalidate(sourceKey: number): void {
    this.#options.index.invalidate(sourceKey);
  }

  clear(): void {
    this.#options.index.clear();
  }

  async release(sourceKey: number, request: InboundRequest, body: Uint8Array): Promise<string | null> {
    const source = await this.#source(sourceKey);
    const { method, query, headers, origin } = request;
    const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!] as const] : []));
    const facts = eventFacts(source.definition, { method, url: `?${query}`, headers: pairs, body });
    const taken = await this.#options.intake.take(source, {
      ...facts,
      type: String(source.settings.kindConfig?.["eventType"] ?? facts.type),
      contentType: headerOf(headers, "content-type") ?? "",
      headers,
      body,
      trust: "released",
      origin: { kind: "release", provider: origin.provider, scheme: origin.scheme, request },
    });
    if (taken.kind === "gone") throw notFound("source");
    return taken.kind === "stored" ? taken.publicId : null;
  }

  async sample(sourceKey: number, { id, type, body }: SampleEvent): Promise<string> {
    const source = await this.#source(sourceKey);
    const provider = source.definition.id;
    const taken = await this.#options.intake.take(source, {
      id,
      type,
      occurredAt: null,
      contentType: "application/json",
      headers: [],
      body,
      trust: "none",
      origin: { kind: "sample", provider, scheme: "none", request: null },
    });
    if (taken.kind !== "stored") throw notFound("source");
    return taken.publicId;
  }

  async resign(sourceKey: number, request: ReceivedRequest): Promise<Resigned> {
    try {
      return await resign(await this.#source(sourceKey), request, this.#options.services().now());
    } catch (error) {
      // Its message goes to a listener, and may contain details about the secret.
      if (error instanceof PosthornError) return { kind: "refused", reason: error.message };
      return { kind: "refused", reason: "The signature could not be renewed: check the secret of the source." };
    }
  }

  async test(sourceKey: number, url: string): Promise<SourceTest> {
    const source = await this.#source(sourceKey);
    if (!source.receives) throw new PosthornError("conflict", "This source receives no requests.");
    const { event, request } = await buildTestRequest(source, url, this.#options.services().now);
    const { status } = await this.#options.receive(source, request);
    return { event, status, accepted: status >= 200 && status < 300 };
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
        "Your organisation already has a diagnosis in progress. Try again when it has finished.",
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
    const { transforms, now } = this.#options.services();
    const { job, report } = await prepareDiagnosis(source, request, otherSecrets, now());
    if (report.ok) return report;
    const result = await transforms.diagnose(job, organisationTurn(source.orgId));
    if (result.kind === "busy") throw transformsBusy();
    // The thread was killed or ran out of memory: return the result without the search.
    return result.kind === "failed" ? report : result;
  }

  async #source(key: number): Promise<LiveSource> {
    const source = await this.#options.index.source(key);
    if (source === null) throw notFound("source");
    return source;
  }
}
