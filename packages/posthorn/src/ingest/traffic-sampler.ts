/**
 * Samples received events in the background to infer schemas.
 * The intake reports each stored event, at the cost of one map update. Each round keeps a few payloads per event type, up to a byte limit.
 * They are analysed later, one at a time, and each analysis is followed by a pause of twenty times its duration.
 */
import { setTimeout as delay } from "node:timers/promises";
import { readBody } from "../catalogue/body.ts";
import { mergeSchemas, type InferredSchema, inferSchema } from "../catalogue/inferred-schema.ts";
import { foldTraffic } from "../domain/catalogue/fold.ts";
import type { Services } from "../domain/context.ts";

/** Event that has been stored. */
export interface InboundEvent {
  readonly sourceKey: number;
  readonly eventType: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface TrafficSamplerOptions {
  readonly services: () => Services;
  /** Calls back after `ms` milliseconds. The returned function cancels. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

interface Tally {
  readonly sourceKey: number;
  readonly eventType: string;
  received: number;
  readonly firstAt: number;
  lastAt: number;
  readonly samples: Pick<InboundEvent, "contentType" | "body" | "at">[];
}

/** Time from the first event of a round to its analysis. */
const ROUND_MS = 10_000;
/** Event types counted in one round. */
const MAX_TALLIES = 5000;
/** Payloads of one event type sampled in one round. */
const MAX_SAMPLES = 5;
/** Bytes of all sampled payloads, and of the largest. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_BODY_BYTES = 256 * 1024;
/** Pause as a multiple of the work before it, which limits the sampler to 1/21 of the thread. */
const REST_FACTOR = 20;

export class TrafficSampler implements AsyncDisposable {
  readonly #options: TrafficSamplerOptions;
  readonly #abort = new AbortController();
  #tallies = new Map<string, Tally>();
  #bytes = 0;
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(options: TrafficSamplerOptions) {
    this.#options = options;
  }

  received(event: InboundEvent): void {
    const { sourceKey, eventType, contentType, body, at } = event;
    const key = `${sourceKey} ${eventType}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      if (this.#tallies.size >= MAX_TALLIES) return;
      tally = { sourceKey, eventType, received: 0, firstAt: at, lastAt: at, samples: [] };
      this.#tallies.set(key, tally);
      this.#schedule();
    }
    tally.received += 1;
    tally.lastAt = Math.max(tally.lastAt, at);
    const isWanted = tally.samples.length < MAX_SAMPLES && body.byteLength <= MAX_BODY_BYTES;
    if (!isWanted || this.#bytes + body.byteLength > MAX_BYTES) return;
    tally.samples.push({ contentType, body, at });
    this.#bytes += body.byteLength;
  }

  /** Analyses the remaining samples without pauses. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer?.();
    this.#abort.abort();
    await this.#running;
    await this.#round();
  }

  #schedule(): void {
    if (this.#cancelTimer !== null || this.#running !== null || this.#abort.signal.aborted) return;
    this.#cancelTimer = this.#options.setTimer(ROUND_MS, () => {
      this.#cancelTimer = null;
      this.#running = this.#round().finally(() => {
        this.#running = null;
        if (this.#tallies.size > 0) this.#schedule();
      });
    });
  }

  async #round(): Promise<void> {
    const tallies = this.#tallies;
    this.#tallies = new Map();
    this.#bytes = 0;
    for (const tally of tallies.values()) {
      try {
        const { samples, ...traffic } = tally;
        await foldTraffic(this.#options.services(), { ...traffic, samples: await this.#learn(samples) });
      } catch (error) {
        this.#options.onFailure(error);
      }
    }
  }

  async #learn(samples: Tally["samples"]): Promise<InferredSchema | null> {
    let learned: InferredSchema | null = null;
    for (const { contentType, body, at } of samples) {
      const begun = performance.now();
      const value = readBody(contentType, body);
      if (value !== undefined) {
        const shape = inferSchema(value, at);
        learned = learned === null ? shape : mergeSchemas(learned, shape);
      }
      await this.#rest((performance.now() - begun) * REST_FACTOR);
    }
    return learned;
  }

  async #rest(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }
}
