/** A dispatcher over a real store, with a manual clock and attempts whose results the test decides. */
import { vi } from "vitest";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import type { Failing, LanePolicies, LanePolicy } from "../../src/dispatch/policy.ts";
import type {
  Attempter,
  AttemptResult,
  BatchAttempt,
  BatchedResult,
  DispatchLimits,
  JobStore,
  LaneOwners,
} from "../../src/dispatch/types.ts";
import type { Job, JobPage } from "../../src/store/delivery.ts";
import { dueManually } from "../../src/domain/delivery/resend.ts";
import { REQUESTED_BY } from "../../src/store/schema.ts";
import { isImmediate } from "../../src/store/immediate.ts";
import type { AcceptEntry } from "../../src/store/store.ts";
import { ManualClock } from "./manual-clock.ts";
import { acceptEntry, openStore, type TestStore } from "./store.ts";

/** Attempts get keys far above those that tests give to messages. */
let lastAttemptKey = 1_000_000;

export function made(status: 0 | 2): AttemptResult {
  const id = ++lastAttemptKey;
  return {
    kind: "made",
    retryAfterMs: null,
    attempt: {
      id,
      publicId: `atmpt_${id}`,
      url: "https://example.com/",
      status,
      responseCode: status === 0 ? 200 : 500,
      response: "",
      durationMs: 1,
      errorCode: null,
      detailJson: null,
    },
  };
}

/** An attempt in flight, until the test ends it. */
export interface OpenAttempt {
  readonly job: Job;
  readonly end: (result: AttemptResult) => void;
}

/** Follows a script, or leaves each attempt open for the test to end. */
export class ScriptedAttempter implements Attempter {
  /** Every job that was attempted, in order. */
  readonly jobs: Job[] = [];
  readonly open: OpenAttempt[] = [];
  /** The abort signal of the last attempt. */
  signal: AbortSignal | null = null;
  /** `null` leaves the attempt open. */
  script: (job: Job) => AttemptResult | null = () => made(0);
  /** The jobs of every batch, in order. */
  readonly batches: (readonly Job[])[] = [];
  /** Sends a batch. By default it stores it if its target recognises batches, and has every job accepted. */
  batchScript: (jobs: readonly Job[], batch: BatchAttempt) => Promise<readonly BatchedResult[]> = async (
    jobs,
    batch,
  ) => {
    await this.keep(jobs, batch);
    return jobs.map(() => made(0));
  };

  async attemptBatch(jobs: readonly Job[], batch: BatchAttempt): Promise<readonly BatchedResult[]> {
    this.batches.push(jobs);
    return this.batchScript(jobs, batch);
  }

  /** Stores a batch as its sender does. Returns its key. */
  async keep(jobs: readonly Job[], { kept, earlier, lease }: BatchAttempt): Promise<number | null> {
    if (kept === null) return null;
    const ids = jobs.map(({ messageId }) => messageId);
    if (earlier !== null && earlier.messageIds.join() === ids.join()) return earlier.id;
    if (earlier !== null) kept.end(earlier);
    return (await kept.keep(++lastAttemptKey, ids, lease)).id;
  }

  /** Messages of every batch, in order. */
  get batchedMessages(): readonly (readonly number[])[] {
    return this.batches.map((jobs) => jobs.map(({ messageId }) => messageId));
  }

  attempt(job: Job, signal: AbortSignal): Promise<AttemptResult> {
    this.jobs.push(job);
    this.signal = signal;
    const result = this.script(job);
    if (result !== null) return Promise.resolve(result);
    return new Promise((resolve) => {
      const end = (ended: AttemptResult): void => {
        this.open.splice(
          this.open.findIndex((attempt) => attempt.job === job),
          1,
        );
        resolve(ended);
      };
      this.open.push({ job, end });
      signal.addEventListener("abort", () => end({ kind: "not_now", pauseMs: 0 }), { once: true });
    });
  }

  /** Message keys of the attempts, in order. */
  get messages(): number[] {
    return this.jobs.map((job) => job.messageId);
  }
}

export interface DispatchHarness extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly attempter: ScriptedAttempter;
  readonly dispatcher: Dispatcher;
  readonly faults: string[];
  readonly files: TestStore;
  /** Stores a message and hands it to the dispatcher, as a publish does. */
  publish(id: number, changes?: Partial<AcceptEntry>): Promise<void>;
}

export interface HarnessOptions {
  readonly limits?: Partial<DispatchLimits>;
  readonly retrySchedule?: readonly number[];
  /** The policy of every endpoint, where it differs from `lanePolicy`; read again each time. Each is its own tenant and host. */
  readonly policy?: Partial<LanePolicy> | ((endpointId: number) => Partial<LanePolicy>);
  /** Replaces `policy`: returns the full policy that the dispatcher requests. */
  readonly policyOf?: LanePolicies["policy"];
  readonly failing?: (endpointId: number) => Failing | null;
  readonly random?: () => number;
  /** The node of each lane; one node has all of them by default. */
  readonly owners?: LaneOwners;
  /** Wraps the store for the dispatcher, to make it fail. */
  readonly wrap?: (store: JobStore) => JobStore;
  readonly files?: TestStore;
}

/** The default policy of endpoints in tests. */
export function lanePolicy(endpointId: number, delaysMs: readonly number[] = [5000, 60_000]): LanePolicy {
  return {
    tenant: endpointId,
    host: `host-${endpointId}`,
    concurrency: 16,
    rate: null,
    pausedUntil: null,
    newestFirst: false,
    retry: { backoff: { kind: "schedule", delaysMs, jitter: 0 }, maxAgeMs: null, stopCodes: [], retryCodes: null },
    breaker: null,
    order: null,
    batch: null,
  };
}

export async function dispatchHarness(options: HarnessOptions = {}): Promise<DispatchHarness> {
  const files = options.files ?? (await openStore());
  const { store } = files;
  const clock = new ManualClock();
  const attempter = new ScriptedAttempter();
  const faults: string[] = [];
  const dispatcher = new Dispatcher({
    store: options.wrap?.(store) ?? store,
    attempter,
    clock,
    random: options.random ?? (() => 0),
    policies: {
      policy: (endpointId) => {
        const { policy = {}, policyOf } = options;
        if (policyOf !== undefined) return policyOf(endpointId);
        const own = typeof policy === "function" ? policy(endpointId) : policy;
        return { ...lanePolicy(endpointId, options.retrySchedule), ...own };
      },
      failing: options.failing ?? (() => null),
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.owners === undefined ? {} : { owners: options.owners }),
    observer: { fault: (operation) => void faults.push(operation) },
  });
  return {
    clock,
    attempter,
    dispatcher,
    faults,
    files,
    publish: async (id, changes = {}) => {
      const entry = acceptEntry(id, { due: clock.now(), ...changes });
      await store.accept(entry);
      dispatcher.push(entry.endpointIds.map((endpointId) => firstJob(entry, endpointId)));
    },
    [Symbol.asyncDispose]: async () => {
      const stopped = dispatcher.stop(0);
      clock.advance(0);
      await stopped;
      if (options.files === undefined) await files[Symbol.asyncDispose]();
    },
  };
}

export function firstJob(entry: AcceptEntry, endpointId: number): Job {
  const { id: messageId, publicId, due, contentType, payload } = entry;
  const orderKey = entry.orderKeys?.[entry.endpointIds.indexOf(endpointId)] ?? null;
  const fresh = { attempts: 0, orderKey, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
  const immediate = isImmediate(messageId, due);
  return { ...fresh, messageId, publicId, endpointId, due, immediate, contentType, payload };
}

/** Requests a manual attempt, as the API call does. */
export async function resend(
  { files, clock, dispatcher }: DispatchHarness,
  messageId: number,
  endpointId = 1,
): Promise<void> {
  await files.store.transaction(async ({ db }) => {
    await db
      .updateTable("delivery")
      .set(dueManually(clock.now(), REQUESTED_BY.resend))
      .where("message_id", "=", messageId)
      .where("endpoint_id", "=", endpointId)
      .execute();
  });
  dispatcher.wake(endpointId);
}

/** The methods of a store that a test does not replace. */
export function batchesOf(store: JobStore): Pick<JobStore, "recordAll" | "batches"> {
  return { recordAll: (outcomes) => store.recordAll(outcomes), batches: store.batches };
}

/** A store whose calls a test can make fail or delay. */
export function faulty(
  store: JobStore,
  faults: { record?: () => Promise<void>; due?: () => Promise<void>; backlog?: () => Promise<void> },
): JobStore {
  return {
    backlog: async () => {
      await faults.backlog?.();
      return store.backlog();
    },
    record: async (outcome) => {
      await faults.record?.();
      return store.record(outcome);
    },
    recordAll: async (outcomes) => {
      await faults.record?.();
      return store.recordAll(outcomes);
    },
    batches: store.batches,
    due: async (endpointId, now, limit, selection): Promise<JobPage> => {
      const page = await store.due(endpointId, now, limit, selection);
      await faults.due?.();
      return page;
    },
  };
}

/** Waits until `check` stops throwing. The limit is generous: it detects a hang and does not measure time. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 5 });
}
