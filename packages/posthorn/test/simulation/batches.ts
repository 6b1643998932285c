/**
 * Simulates an hour of batches: the dispatcher, sender and store of the product, with a target that loses requests and responses, and a process
 * that is killed after any step. The target recognises a request by its messages, as an archive does. It never reads the real time, so the same
 * seed gives the same hour.
 */
import { randomBytes } from "node:crypto";
import { AttemptSteps } from "../../src/delivery/attempt-steps.ts";
import { BatchSender } from "../../src/delivery/batch-sender.ts";
import type { Destination, OutgoingMessage, SendResult } from "../../src/destinations/destination.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { BatchPolicy, LanePolicy, OrderPolicy } from "../../src/dispatch/policy.ts";
import type { Attempter, BatchedResult, Clock } from "../../src/dispatch/types.ts";
import type { Services } from "../../src/domain/context.ts";
import { Directory } from "../../src/domain/directory.ts";
import { IdGenerator } from "../../src/lib/id.ts";
import { SecretBox } from "../../src/lib/secret-box.ts";
import type { BatchStore } from "../../src/store/delivery.ts";
import type { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { firstJob, lanePolicy } from "../support/dispatch.ts";
import { insertEndpoint, OTHER_SERVICES, POLICY_DEFAULTS } from "../support/services.ts";
import { acceptEntry } from "../support/store.ts";
import { openStore } from "./cluster/open.ts";
import { SimulatedDatabase } from "./database.ts";
import { Random } from "./random.ts";
import { Life, VirtualTime } from "./virtual-time.ts";

export interface BatchSimulation {
  /** Whether the target keeps an order, and does not recognise requests. */
  readonly isOrdered: boolean;
  /** Breaks a rule on purpose. */
  readonly sabotage?: {
    readonly batches?: (batches: BatchStore) => BatchStore;
    readonly results?: (results: readonly BatchedResult[]) => readonly BatchedResult[];
  };
}

export interface BatchVerdict {
  /** Broken rules, as sentences. */
  readonly broken: readonly string[];
  readonly messages: number;
  readonly requests: number;
  /** Requests with more than one message. */
  readonly shared: number;
  readonly kills: number;
  /** Kills while a batch was being stored: after it was on disk and before it was sent, or shortly before that. */
  readonly killsWhileStoring: number;
}

const BURSTS = 60;
const MOST_TOGETHER = 12;
const KEYS = ["a", "b", "c"] as const;
const TROUBLE_MS = 3_600_000;
const RECOVERY_MS = 7_200_000;
const BATCH: BatchPolicy = { items: 4, bytes: 1_000_000, waitMs: 500, sharesKeys: true, isKept: false };
const BLOCK: OrderPolicy = { by: "key", onFailure: "block", maxBlockMs: null };
const RETRY: LanePolicy["retry"] = {
  backoff: { kind: "exponential", firstMs: 2000, factor: 2, maxMs: 60_000, attempts: Infinity },
  maxAgeMs: null,
  stopCodes: [],
  retryCodes: null,
};
const TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;
const SENT = {
  target: "https://archive.example.com/",
  durationMs: 1,
  responseCode: 0,
  response: "",
  facts: {
    method: "POST",
    standard: { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" },
    headers: [],
    bodyBytes: 0,
    timings: { ...TIMINGS, totalMs: 1, reused: false },
    peer: null,
    tls: null,
    response: null,
    sentence: null,
    retryAfterMs: null,
  },
  reply: null,
} as const;
const OK: SendResult = { kind: "ok", ...SENT };
const FAILED: SendResult = { kind: "retry", ...SENT, errorCode: "http_503", problem: null };

export async function simulateBatches(seed: number, options: BatchSimulation): Promise<BatchVerdict> {
  using simulation = new Batches(seed, options);
  return await simulation.run();
}

class Batches implements Disposable {
  readonly #options: BatchSimulation;
  readonly #time = new VirtualTime();
  readonly #outside = new Life();
  readonly #random: Random;
  readonly #targetRandom: Random;
  readonly #database: SimulatedDatabase;
  readonly #secretBox = SecretBox.withKey(randomBytes(32));
  /** Stored requests: their messages, in order. */
  readonly #stored: (readonly string[])[] = [];
  readonly #known = new Set<string>();
  /** Messages whose commit was confirmed, with their order key. */
  readonly #accepted = new Map<string, string>();
  #process: { readonly life: Life; readonly dispatcher: Dispatcher; readonly store: SqliteStore } | null = null;
  #run = 0;
  #last = 0;
  #requests = 0;
  #shared = 0;
  #kills = 0;
  #killsWhileStoring = 0;
  /** Batches that are being stored by the process. */
  #storing = 0;
  #isHealthy = false;

  constructor(seed: number, options: BatchSimulation) {
    this.#options = options;
    this.#random = new Random(seed, "batches");
    this.#targetRandom = new Random(seed, "target");
    const random = new Random(seed, "database");
    this.#database = new SimulatedDatabase({ time: this.#time, random, watch: () => () => undefined });
  }

  async run(): Promise<BatchVerdict> {
    await this.#settle(this.#begin());
    for (let burst = 0; burst < BURSTS; burst++) {
      const at = this.#random.int(0, TROUBLE_MS);
      for (let left = this.#random.int(1, MOST_TOGETHER); left > 0; left--) {
        this.#time.after(this.#outside, at + this.#random.int(0, 3000), () => void this.#publish());
      }
    }
    for (let at = 0; (at += this.#random.int(20_000, 400_000)) < TROUBLE_MS;) {
      this.#time.after(this.#outside, at, () => this.#kill());
    }
    await this.#time.run(this.#time.elapsed + TROUBLE_MS, () => true);
    this.#isHealthy = true;
    await this.#time.run(this.#time.elapsed + RECOVERY_MS, () => true);
    return {
      broken: this.#broken(),
      messages: this.#accepted.size,
      requests: this.#requests,
      shared: this.#shared,
      kills: this.#kills,
      killsWhileStoring: this.#killsWhileStoring,
    };
  }

  [Symbol.dispose](): void {
    this.#outside.alive = false;
    if (this.#process !== null) this.#process.life.alive = false;
    this.#database[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const store = this.#openStore(new Life());
    const services = { store, secretBox: this.#secretBox } as unknown as Services;
    await insertEndpoint(services, SENT.target, {});
    await this.#start();
  }

  #openStore(life: Life): SqliteStore {
    const world = { time: this.#time, database: this.#database, sharing: null };
    return openStore(world, { life, serverLife: life, run: ++this.#run, machine: 1 }, "node");
  }

  async #start(): Promise<void> {
    const life = new Life();
    const store = this.#openStore(life);
    const clock: Clock = { now: () => this.#time.utc, setTimer: (ms, done) => this.#time.after(life, ms, done) };
    const { sabotage = {}, isOrdered } = this.#options;
    const batches = this.#deadly(sabotage.batches?.(store.batches) ?? store.batches);
    const ids = new IdGenerator(clock.now, await store.lastKey());
    const { now } = clock;
    const options = {
      store,
      directory: new Directory({ store, secretBox: this.#secretBox, now, policyDefaults: POLICY_DEFAULTS }),
      destinations: new Map([["http", this.#target(life)]]),
      transforms: OTHER_SERVICES.transforms,
      ids,
      secretBox: this.#secretBox,
      now,
      onProblem: () => undefined,
    };
    const sender = new BatchSender(options, new AttemptSteps(options));
    const attempter: Attempter = {
      attempt: () => Promise.reject(new Error("every message is sent in a batch")),
      attemptBatch: async (jobs, batch) => {
        const results = await sender.attempt(jobs, batch);
        return sabotage.results?.(results) ?? results;
      },
    };
    const policy: LanePolicy = {
      ...lanePolicy(1),
      retry: RETRY,
      order: isOrdered ? BLOCK : null,
      batch: { ...BATCH, isKept: !isOrdered },
    };
    const dispatcher = new Dispatcher({
      store: {
        due: (...asked) => store.due(...asked),
        record: (outcome) => store.record(outcome),
        recordAll: (outcomes) => store.recordAll(outcomes),
        backlog: () => store.backlog(),
        batches,
      },
      attempter,
      clock,
      random: this.#random.next,
      policies: { policy: () => policy, failing: () => null },
      observer: { fault: () => undefined },
    });
    this.#process = { life, dispatcher, store };
    await dispatcher.start();
  }

  /** Occasionally kills the process while it stores a batch. */
  #deadly(batches: BatchStore): BatchStore {
    return {
      ...batches,
      keep: async (...kept) => {
        const random = this.#targetRandom;
        if (!this.#isHealthy && random.chance(0.1)) {
          this.#time.after(this.#outside, random.int(0, 5), () => this.#kill());
        }
        this.#storing++;
        await batches.keep(...kept);
        this.#storing--;
      },
    };
  }

  /** Kills the process, which loses what it had not committed. Another one starts a few seconds later. */
  #kill(): void {
    const killed = this.#process;
    if (killed === null) return;
    this.#kills++;
    if (this.#storing > 0) this.#killsWhileStoring++;
    this.#storing = 0;
    killed.life.alive = false;
    this.#database.drop(this.#run);
    this.#process = null;
    this.#time.after(this.#outside, this.#random.int(100, 5000), () => void this.#start());
  }

  async #publish(): Promise<void> {
    if (this.#process === null) return;
    const { store, dispatcher } = this.#process;
    const id = ++this.#last;
    const orderKey = this.#random.pick(KEYS);
    const entry = acceptEntry(id, { due: this.#time.utc, orderKeys: [orderKey] });
    await store.accept(entry);
    this.#accepted.set(entry.publicId, orderKey);
    dispatcher.push([firstJob(entry, 1)]);
  }

  /** Stores a request, or loses it, or stores it and loses the response. */
  #target(life: Life): Destination {
    const sendBatch = async (messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> => {
      this.#requests++;
      if (messages.length > 1) this.#shared++;
      const random = this.#targetRandom;
      const isLost = !this.#isHealthy && random.chance(0.2);
      const isSilent = !this.#isHealthy && random.chance(0.2);
      const ids = messages.map(({ messageId }) => messageId);
      this.#time.after(this.#outside, random.int(1, 200), () => {
        if (!isLost) this.#store(ids);
      });
      await this.#time.delay(life, random.int(200, 2000));
      return messages.map(() => (isLost || isSilent ? FAILED : OK));
    };
    return { sendBatch, send: async (message) => (await sendBatch([message]))[0]! };
  }

  #store(ids: readonly string[]): void {
    const key = ids.join(" ");
    if (!this.#options.isOrdered && this.#known.has(key)) return;
    this.#known.add(key);
    this.#stored.push(ids);
  }

  #broken(): readonly string[] {
    const broken: string[] = [];
    const stored = this.#stored.flat();
    const distinct = new Set(stored);
    const lost = [...this.#accepted.keys()].filter((id) => !distinct.has(id));
    if (lost.length > 0) broken.push(`lost: ${lost.join(" ")}`);
    if (!this.#options.isOrdered && distinct.size < stored.length) broken.push("a message is stored twice");
    if (this.#options.isOrdered) {
      // A repetition may arrive late. Only the first time at which a message is stored counts.
      for (const key of KEYS) {
        const first = [...distinct].filter((id) => this.#accepted.get(id) === key).map((id) => Number(id.slice(4)));
        const isInOrder = first.every((id, index) => index === 0 || id > first[index - 1]!);
        if (!isInOrder) broken.push(`order of ${key}: ${first.join(" ")}`);
      }
    }
    return broken;
  }

  async #settle(work: Promise<void>): Promise<void> {
    await this.#time.run(this.#time.elapsed + 10_000, () => true);
    await work;
  }
}
