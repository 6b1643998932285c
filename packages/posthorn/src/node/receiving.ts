/** Puts the parts together that take inbound webhooks. */
import type { Egress } from "@posthorn/egress";
import { createKeyFetcher } from "@posthorn/webhooks/provider";
import type { MadeResult } from "../delivery/attempter.ts";
import type { Clock, Job } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { Directory } from "../domain/directory.ts";
import { ProviderCalls } from "./provider-calls.ts";
import type { ProviderApis } from "../domain/backfill/provider-apis.ts";
import { Answers } from "../ingest/endpoint-responses.ts";
import { BackDoor } from "../ingest/backfill-intake.ts";
import { Desk } from "../ingest/source-operations.ts";
import { DuplicateCounter } from "../ingest/duplicate-counter.ts";
import { Gateway } from "../ingest/gateway.ts";
import { Quarantine } from "../ingest/quarantine.ts";
import { SourceIndex } from "../ingest/source-index.ts";
import { SourceMonitor } from "../workers/source-monitor.ts";
import { type InboundEvent, TrafficSampler } from "../ingest/traffic-sampler.ts";
import { type Logger, reporter } from "../lib/log.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";

export interface ReceivingOptions {
  readonly services: () => Services;
  readonly store: Store;
  readonly secretBox: SecretBox;
  readonly directory: Directory;
  readonly egress: Pick<Egress, "send">;
  readonly clock: Clock;
  readonly leads: () => boolean;
  /** See `SourceIndexOptions`. */
  readonly answersPlain: (orgId: number) => Promise<boolean>;
  readonly log: Logger;
}

/** Deadline of a call that fetches a key or confirms a subscription. */
const CALL_TIMEOUT_MS = 5000;
/** As much of a key set as `@posthorn/webhooks` takes. */
const MAX_KEY_BYTES = 256 * 1024;

export class Receiving implements AsyncDisposable {
  readonly desk: Desk;
  readonly gateway: Gateway;
  readonly quarantine: Quarantine;
  readonly duplicates: DuplicateCounter;
  readonly providerApis: ProviderApis;
  readonly #calls: ProviderCalls;
  readonly #answers: Answers;
  readonly #sampler: TrafficSampler;
  /** Released together with the other parts of this class. */
  readonly monitor: SourceMonitor;

  constructor(options: ReceivingOptions) {
    const { services, store, secretBox, directory, egress, clock, leads, answersPlain, log } = options;
    const report = reporter(log);
    const fetchKey = createKeyFetcher({ fetch: fetchThrough(egress), now: clock.now });
    const index = new SourceIndex({ store, secretBox, now: clock.now, fetchKey, answersPlain });
    this.desk = new Desk(index, services);
    this.#answers = new Answers(directory, clock.setTimer);
    this.quarantine = new Quarantine({
      services,
      setTimer: clock.setTimer,
      onFailure: (error) => report(error, "requests that did not verify were not kept"),
    });
    this.duplicates = new DuplicateCounter({
      services,
      setTimer: clock.setTimer,
      onFailure: (error) => report(error, "duplicate deliveries were not counted"),
    });
    const stored = (event: InboundEvent): void => {
      this.#sampler.received(event);
      this.monitor.received(event.sourceKey, event.at);
    };
    this.#sampler = new TrafficSampler({
      services,
      setTimer: clock.setTimer,
      onFailure: (error) => report(error, "what came in was not learned from"),
    });
    this.monitor = new SourceMonitor({
      services,
      setTimer: clock.setTimer,
      leads,
      onFailure: (error) => report(error, "sources were not looked after; trying again"),
    });
    this.#calls = new ProviderCalls(egress);
    const backDoor = new BackDoor({ services, index, onStored: stored });
    this.providerApis = { send: this.#calls.send.bind(this.#calls), takeIn: backDoor.takeIn.bind(backDoor) };
    this.gateway = new Gateway({
      onStored: stored,
      services,
      index,
      now: clock.now,
      confirm: (url) => confirm(egress, url),
      answers: this.#answers,
      quarantine: this.quarantine,
      duplicates: this.duplicates,
      onFailure: (what, error) => report(error, what),
    });
  }

  /** Called after each attempt of a delivery. */
  tell({ messageId, endpointId }: Job, { kind, responseCode, reply }: MadeResult): void {
    if (!this.#answers.isAwaited(messageId)) return;
    this.#answers.tell({
      messageId,
      endpointId,
      succeeded: kind === "ok",
      status: responseCode,
      ...(reply === null
        ? { contentType: null, body: new Uint8Array(), incomplete: true }
        : { contentType: reply.contentType, body: reply.body, incomplete: reply.incomplete }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const part of [this.duplicates, this.quarantine, this.#sampler, this.monitor]) stack.use(part);
    stack.use(this.#calls);
  }
}

/** GETs through the guarded client: the addresses of keys are settings of sources, or come from requests. */
function fetchThrough(egress: Pick<Egress, "send">): typeof fetch {
  return async (input) => {
    const result = await get(egress, input instanceof Request ? input.url : String(input), MAX_KEY_BYTES);
    return new Response(result.truncated ? null : Buffer.from(result.body), { status: result.status });
  };
}

async function confirm(egress: Pick<Egress, "send">, url: string): Promise<void> {
  const { status } = await get(egress, url, 1024);
  if (status < 200 || status > 299) throw new Error(`The address that confirms the subscription answered ${status}.`);
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
