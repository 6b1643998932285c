/** Builds the parts that receive inbound webhooks. */
import type { Egress } from "@posthorn/egress";
import { createKeyFetcher } from "@posthorn/webhooks/provider";
import { CloudAuthorizer } from "../destinations/auth/cloud-authorizer.ts";
import type { Connector } from "../destinations/connections/connector.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { ProviderCalls } from "./provider-calls.ts";
import type { ProviderApis } from "../domain/backfill/provider-apis.ts";
import { BackfillIntake } from "../ingest/backfill-intake.ts";
import { DuplicateCounter } from "../ingest/duplicate-counter.ts";
import type { EndpointResponses } from "../ingest/endpoint-responses.ts";
import { Gateway } from "../ingest/gateway.ts";
import { Intake } from "../ingest/intake.ts";
import { InboundLimits } from "../ingest/limits.ts";
import { Quarantine } from "../ingest/quarantine.ts";
import type { Lease } from "../store/delivery.ts";
import { MailIntake } from "../ingest/smtp/mail-intake.ts";
import { FunnelCounter } from "../ingest/funnel-counter.ts";
import { ReceivedCounter } from "../ingest/received-counter.ts";
import { ingestUrl, openToken } from "../domain/source/token.ts";
import { type ParseJob, type ParseResult, SourceFailure, type Unreadable } from "../sources/driver.ts";
import { sourceDriver } from "../sources/drivers.ts";
import { ReadLimiter } from "../sources/limits.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Worker } from "../workers/worker.ts";
import { organisationTurn } from "../transform/fair-queue.ts";
import type { TransformPool } from "../transform/pool.ts";
import type { ParseTurn } from "../workers/source-run-parts.ts";
import { SourceRunner } from "../workers/source-runner.ts";
import { signedClient, sourceClient } from "./source-client.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { SourceIndex } from "../ingest/source-index.ts";
import { LiveSourceOperations } from "../ingest/source-operations.ts";
import { SourceMonitor } from "../workers/source-monitor.ts";
import { type InboundEvent, TrafficSampler } from "../ingest/traffic-sampler.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { type Logger, reporter } from "../lib/log.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";

export interface ReceivingOptions {
  readonly services: () => Services;
  readonly store: Store;
  readonly secretBox: SecretBox;
  readonly responses: EndpointResponses;
  readonly egress: Pick<Egress, "send">;
  /** Holds the connections of sources. */
  readonly connector: Pick<Connector, "listen" | "remove">;
  /** See `CloudAuthorizerOptions`. */
  readonly googleTokenUrls: readonly string[];
  readonly clock: Clock;
  readonly leads: () => boolean;
  /** Which sources this node may read. */
  /** Threads that parse documents. */
  readonly transforms: Pick<TransformPool, "parse">;
  readonly shards: {
    owns(key: number): boolean;
    lease(key: number): Lease | undefined | null;
    holds(lease: Lease | undefined): boolean;
  };
  /** `null`: metrics are not served. */
  readonly counts: Pick<Metrics, "sourceRead" | "sourceEvents"> | null;
  /** See `SourceIndexOptions`. */
  readonly plainResponsesOnly: (orgId: number) => Promise<boolean>;
  /** Reaches the other threads of the process; `null` if there are none. */
  readonly broadcast: Broadcast | null;
  readonly log: Logger;
}

/** Timeout for requests that fetch a key or confirm a subscription. */
const CALL_TIMEOUT_MS = 5000;
/** Largest key set that `@posthorn/webhooks` accepts. */
const MAX_KEY_BYTES = 256 * 1024;

export class Receiving implements AsyncDisposable {
  readonly operations: LiveSourceOperations;
  readonly gateway: Gateway;
  readonly quarantine: Quarantine;
  readonly duplicates: DuplicateCounter;
  readonly providerApis: ProviderApis;
  /** Handles the emails that the SMTP server receives. */
  readonly mails: MailIntake;
  readonly #calls: ProviderCalls;
  readonly #sampler: TrafficSampler;
  /** Released together with the other parts of this class. */
  readonly monitor: SourceMonitor;
  /** Reads sources of kinds other than webhooks. Released before the other parts of this class. */
  readonly runner: SourceRunner;
  readonly #received: ReceivedCounter;
  readonly #funnel: FunnelCounter;

  constructor(options: ReceivingOptions) {
    const {
      services,
      store,
      secretBox,
      responses,
      egress,
      connector,
      googleTokenUrls,
      clock,
      leads,
      shards,
      counts,
      transforms,
      plainResponsesOnly,
      log,
    } = options;
    const report = reporter(log);
    const timed = (failure: string) => ({
      services,
      now: clock.now,
      setTimer: clock.setTimer,
      onFailure: (error: unknown) => report(error, failure),
    });
    const fetchKey = createKeyFetcher({ fetch: fetchThrough(egress), now: clock.now });
    const index = new SourceIndex({ store, secretBox, now: clock.now, fetchKey, plainResponsesOnly });
    this.#funnel = new FunnelCounter(timed("the results of received events could not be counted"));
    this.quarantine = new Quarantine({
      services,
      funnel: this.#funnel,
      setTimer: clock.setTimer,
      onFailure: (error) => report(error, "requests that failed verification could not be quarantined"),
    });
    this.duplicates = new DuplicateCounter(timed("duplicates could not be counted"));
    const stored = (event: InboundEvent): void => {
      this.#sampler.received(event);
      this.monitor.received(event.sourceKey, event.at);
    };
    this.#sampler = new TrafficSampler(timed("received events could not be added to the catalogue"));
    this.monitor = new SourceMonitor({
      services,
      setTimer: clock.setTimer,
      leads,
      onFailure: (error) => report(error, "source monitoring failed; trying again"),
    });
    this.#calls = new ProviderCalls(egress);
    const { now } = clock;
    const limits = new InboundLimits(now, options.broadcast);
    const intake = new Intake({
      services,
      now,
      limits,
      duplicates: this.duplicates,
      funnel: this.#funnel,
      onStored: stored,
    });
    const backfill = new BackfillIntake({ index, intake, now });
    this.operations = new LiveSourceOperations({
      index,
      intake,
      services,
      receive: (source, request) => this.gateway.receive(source, request),
    });
    this.runner = new SourceRunner({
      services,
      clock,
      random: Math.random,
      owns: (key) => shards.owns(key),
      lease: (key) => shards.lease(key),
      holds: (lease) => shards.holds(lease),
      source: (key) => index.source(key),
      take: (source, event) => intake.take(source, event),
      quarantine: (source, unreadable) => this.#quarantineUnreadable(source, unreadable),
      urlOf: (source) => urlOf(services(), source),
      send: sourceClient(egress),
      sendSigned: signedClient({ egress, authorizer: new CloudAuthorizer({ googleTokenUrls }), now: clock.now }),
      parse: (job, turn) => parseWith(transforms, job, turn),
      connections: {
        listen: (request) => connector.listen({ ...request, allow: null }),
        remove: (request) => connector.remove({ ...request, allow: null }),
      },
      driver: sourceDriver,
      limiter: new ReadLimiter(),
      observer: {
        read: (kind, result) => counts?.sourceRead(kind, result),
        stored: (kind, events) => counts?.sourceEvents(kind, events),
        fault: (sourceKey, error) => report(error, "a source could not be read; trying again", { sourceKey }),
      },
    });
    this.#received = new ReceivedCounter(timed("received emails could not be counted"));
    this.mails = new MailIntake({
      services,
      index,
      intake,
      limits,
      quarantine: this.quarantine,
      parse: (source, job) => parseWith(transforms, job, { orgId: source.orgId, signal: null }),
      onStored: (sourceKey, at) => this.#received.count(sourceKey, at),
      onFailure: (error) => report(error, "an email could not be received"),
    });
    this.providerApis = { send: this.#calls.send.bind(this.#calls), take: backfill.take.bind(backfill) };
    this.gateway = new Gateway({
      services,
      index,
      intake,
      limits,
      confirm: (url) => confirm(egress, url),
      responses,
      quarantine: this.quarantine,
      onFailure: (what, error) => report(error, what),
    });
  }

  /** Resolves once it is written, because the source then moves on. Rejects if it cannot be written. */
  #quarantineUnreadable(source: LiveSource, { reason, detail, body, contentType }: Unreadable): Promise<void> {
    const origin = {
      provider: source.definition.id,
      scheme: source.definition.id,
      trust: "none" as const,
      deliveryId: null,
      occurredAt: null,
    };
    const request = {
      method: "POST",
      path: "",
      query: "",
      address: "",
      headers: ["content-type", contentType],
      origin,
    };
    return this.quarantine.store(source, { reason, detail, request, body });
  }

  get workers(): readonly Worker[] {
    return [this.monitor, this.runner];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    // Parts are released from the last to the first, and the quarantine counts in the funnel.
    for (const part of [this.#funnel, this.duplicates, this.quarantine, this.#sampler, this.monitor, this.#received])
      stack.use(part);
    stack.use(this.#calls);
    stack.use(this.runner);
  }
}

/** If the thread is killed, the document is at fault; if the queue is full, only this read fails. */
async function parseWith(
  transforms: Pick<TransformPool, "parse">,
  job: ParseJob,
  { orgId, signal }: Omit<ParseTurn, "signal"> & { readonly signal: AbortSignal | null },
): Promise<ParseResult> {
  const result = await transforms.parse(job, organisationTurn(orgId), signal ?? undefined);
  if (result.kind === "failed") return { kind: "unreadable", detail: "Parsing it took too much time or memory." };
  if (result.kind !== "busy") return result;
  throw new SourceFailure("internal", "All threads that parse documents are busy. Posthorn tries again.");
}

/** Current URL of a source. */
async function urlOf(services: Services, { key, settings }: LiveSource): Promise<string> {
  const row = await services.store.hotDb
    .selectFrom("source_token")
    .select(["hash", "source_id", "token_sealed"])
    .where("source_id", "=", key)
    .where("expires_at", "is", null)
    .executeTakeFirstOrThrow();
  return ingestUrl({ services }, settings.kind, openToken({ services }, row));
}

/** `fetch` through the egress client with its address guard, because key URLs come from source settings or requests. */
function fetchThrough(egress: Pick<Egress, "send">): typeof fetch {
  return async (input) => {
    const result = await get(egress, input instanceof Request ? input.url : String(input), MAX_KEY_BYTES);
    return new Response(result.truncated ? null : Buffer.from(result.body), { status: result.status });
  };
}

async function confirm(egress: Pick<Egress, "send">, url: string): Promise<void> {
  const { status } = await get(egress, url, 1024);
  if (status < 200 || status > 299) throw new Error(`The URL that confirms the subscription returned HTTP ${status}.`);
}

async function get(egress: Pick<Egress, "send">, url: string, maxResponseBytes: number) {
  const result = await egress.send({
    method: "GET",
    url,
    headers: ["accept", "*/*"],
    body: null,
    timeoutMs: CALL_TIMEOUT_MS,
    maxResponseBytes,
  });
  if (result.kind === "error") throw new Error(result.message);
  return result;
}
