/**
 * Makes one attempt for several jobs of a lane: completes the batch, has it sent, and handles the results until the
 * outcomes are stored.
 */
import type { ConcurrencyLimiter, Permit } from "./concurrency-limiter.ts";
import type { Engine } from "./engine.ts";
import type { Lane } from "./lane.ts";
import { MAX_PAUSE_MS, outcomeOf, type Recorder } from "./outcome.ts";
import { isInOrder } from "./ordered-queue.ts";
import type { BatchPolicy } from "./policy.ts";
import type { Ticket } from "./rate-control.ts";
import type { Attempter, AttemptResult, BatchedResult, LaneOwners } from "./types.ts";
import type { Job, KeptBatch, Lease, Outcome } from "../store/delivery.ts";

export interface BatchRunOptions {
  readonly engine: Engine;
  readonly limiter: ConcurrencyLimiter;
  readonly attempter: Attempter;
  readonly owners: LaneOwners;
  readonly random: () => number;
  readonly recorder: Recorder;
  /** Aborts when the process ends. */
  readonly signal: AbortSignal;
  /** Updates the rate control of the endpoint. */
  readonly updateRate: (
    inFlight: Pick<BatchInFlight, "lane" | "ticket">,
    result: AttemptResult,
    at: { readonly now: number; readonly isFull: boolean },
  ) => void;
  /** Removes a job from memory, as after a single attempt. */
  readonly close: (lane: Lane, job: Job, outcome: Outcome, isRecorded: boolean) => void;
  /** Called when the outcome of a job that has left memory is stored. */
  readonly noteRecorded: (lane: Lane, outcome: Outcome, isRevoked: boolean) => void;
}

/** A batch whose attempt has started and whose outcomes are not stored yet. */
export interface BatchInFlight {
  readonly lane: Lane;
  readonly ticket: Ticket;
  readonly permit: Permit;
  readonly lease: Lease | undefined;
  readonly batch: BatchPolicy;
}

/** The jobs of an attempt. */
interface Members {
  readonly jobs: readonly Job[];
  /** The batch that they were last sent in; `null` if there was none, or if one of its members no longer exists. */
  readonly earlier: KeptBatch | null;
}

type Counted = Extract<AttemptResult, { readonly kind: "made" | "void" }>;

interface Entry {
  readonly job: Job;
  /** `null`: no attempt was used up. */
  readonly outcome: Outcome | null;
}

export class BatchRun {
  readonly #options: BatchRunOptions;
  /** Kept batches whose members are being looked up, with the jobs already taken for them. */
  readonly #completing = new Map<KeptBatch, Job[]>();

  constructor(options: BatchRunOptions) {
    this.#options = options;
  }

  /**
   * Whether a job that was just taken belongs to a batch that is being completed, and is therefore sent with that
   * batch.
   */
  joins(lane: Lane, job: Job): boolean {
    const batch = lane.kept?.batchOf(job.messageId) ?? null;
    const taken = batch === null ? undefined : this.#completing.get(batch);
    if (taken === undefined) return false;
    taken.push(job);
    lane.jobs.startedMore(1);
    return true;
  }

  async run(inFlight: BatchInFlight, taken: readonly Job[]): Promise<void> {
    const { lane } = inFlight;
    const { engine, limiter } = this.#options;
    const { wakes } = lane;
    const { jobs, earlier } = await this.#complete(lane, taken);
    const results = jobs.length === 0 ? [] : await this.#attempt(inFlight, jobs, earlier);
    const isFull = lane.jobs.inFlight >= lane.control.concurrency;
    lane.jobs.attemptEnded(inFlight.ticket, jobs.length);
    limiter.release(inFlight.permit);
    if (results === null) {
      for (const job of jobs) lane.jobs.forget(job);
      return;
    }
    const now = engine.clock.now();
    this.#options.updateRate(inFlight, combinedResult(results), { now, isFull });
    const stop = results.find((result) => result.kind === "held" || result.kind === "not_now");
    const entries = this.#entries(inFlight, jobs, results, now);
    const outcomes = entries.map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
    if (stop === undefined) {
      engine.enqueue(lane);
      engine.pump();
    }
    const isRecorded = outcomes.length === 0 || (await this.#record(outcomes));
    if (outcomes.length > 0) {
      if (isRecorded) this.#endKept(lane, entries);
      // As with a single job, a page that was requested earlier may still show the jobs as due.
      await lane.page.taken();
    }
    this.#close(lane, entries, isRecorded);
    if (stop !== undefined) this.#stop(lane, stop, wakes);
  }

  /** The members of the kept batch to which the job belongs, or the jobs as they were taken. */
  async #complete(lane: Lane, taken: readonly Job[]): Promise<Members> {
    const batch = lane.kept?.batchOf(taken[0]!.messageId) ?? null;
    if (batch === null) return { jobs: taken, earlier: null };
    const joined = [...taken];
    this.#completing.set(batch, joined);
    try {
      const found = await this.#options.engine.store.batches.members(lane.endpointId, batch.messageIds);
      return this.#claim(lane, batch, { found, joined });
    } catch (error) {
      this.#options.engine.readFailed(error);
      // Without the other members, these are attempted when the store responds.
      return { jobs: joined, earlier: null };
    } finally {
      this.#completing.delete(batch);
    }
  }

  /**
   * Takes the members that were found, in the order of the batch. If a member no longer exists, those that are due form
   * a new batch.
   */
  #claim(
    lane: Lane,
    batch: KeptBatch,
    { found, joined }: { readonly found: readonly Job[]; readonly joined: readonly Job[] },
  ): Members {
    const { clock, buffer, timers } = this.#options.engine;
    const now = clock.now();
    const byMessage = new Map(found.map((job) => [job.messageId, job]));
    const joinedIds = new Set(joined.map(({ messageId }) => messageId));
    const isWhole = batch.messageIds.every((id) => byMessage.has(id) && !lane.jobs.isRevoked(byMessage.get(id)!));
    if (!isWhole) lane.kept?.end(batch);
    const jobs: Job[] = [];
    for (const messageId of batch.messageIds) {
      const job = byMessage.get(messageId);
      const known = lane.jobs.get(messageId);
      if (job === undefined || lane.jobs.isRevoked(job)) continue;
      if (!isWhole && !joinedIds.has(messageId)) continue;
      if (known !== undefined && !joinedIds.has(messageId)) buffer.claim(lane, known);
      lane.jobs.add(job);
      if (!joinedIds.has(messageId)) lane.jobs.startedMore(1);
      jobs.push(job);
    }
    // Finished or canceled in the meantime.
    for (const job of joined) {
      if (jobs.some(({ messageId }) => messageId === job.messageId)) continue;
      lane.jobs.startedMore(-1);
      lane.release(job);
    }
    for (const { due } of found) if (!isWhole && due > now) timers.noteDue(lane, due);
    return { jobs, earlier: isWhole ? batch : null };
  }

  /** `null` if the attempt was aborted because the process ends. */
  async #attempt(
    { lane, lease, batch }: BatchInFlight,
    jobs: readonly Job[],
    earlier: KeptBatch | null,
  ): Promise<readonly BatchedResult[] | null> {
    const { attempter, owners, signal, engine } = this.#options;
    try {
      const results = await attempter.attemptBatch!(jobs, {
        policy: batch,
        signal,
        maySend: () => owners.holds(lease),
        earlier,
        kept: batch.isKept ? lane.kept : null,
        isOrdered: lane.order !== null && lane.control.policy.order?.onFailure === "block",
        lease,
      });
      return signal.aborted && !results.some(({ kind }) => kind === "made") ? null : results;
    } catch (error) {
      engine.observer?.fault?.("attempt", error);
      return jobs.map(() => ({ kind: "not_now", pauseMs: MAX_PAUSE_MS }));
    }
  }

  #entries(
    { lane, lease }: BatchInFlight,
    jobs: readonly Job[],
    results: readonly BatchedResult[],
    now: number,
  ): readonly Entry[] {
    // The same for all, so that the members of a batch are retried at the same time.
    const random = this.#options.random();
    const context = { policy: lane.control.policy, now, random: () => random, mayWait: lane.order === null };
    return jobs.map((job, index) => {
      const result = results[index]!;
      if (!isCounted(result)) return { job, outcome: null };
      const outcome = outcomeOf(job, result, context);
      return { job, outcome: lease === undefined ? outcome : { ...outcome, lease } };
    });
  }

  #record(outcomes: readonly Outcome[]): Promise<boolean> {
    const { recorder } = this.#options;
    return outcomes.length === 1 ? recorder.record(outcomes[0]!) : recorder.recordAll(outcomes);
  }

  /** Ends a kept batch once none of its members will be retried. */
  #endKept({ kept }: Lane, entries: readonly Entry[]): void {
    if (kept === null) return;
    const batches = new Set(entries.flatMap(({ job }) => kept.batchOf(job.messageId) ?? []));
    for (const batch of batches) {
      const isRetried = entries.some(
        ({ job, outcome }) => (outcome === null || outcome.state === 0) && kept.batchOf(job.messageId) === batch,
      );
      if (!isRetried) kept.end(batch);
    }
  }

  #close(lane: Lane, entries: readonly Entry[], isRecorded: boolean): void {
    const isOrdered = lane.order !== null;
    const inOrder = entries.filter(({ job }) => isOrdered && isKeyed(job));
    for (const entry of entries) if (!isOrdered || !isKeyed(entry.job)) this.#closeOne(lane, entry, isRecorded);
    for (const ofKey of Map.groupBy(inOrder, ({ job }) => job.orderKey).values())
      this.#closeKey(lane, ofKey, isRecorded);
  }

  #closeOne(lane: Lane, { job, outcome }: Entry, isRecorded: boolean): void {
    if (outcome !== null) return this.#options.close(lane, job, outcome, isRecorded);
    lane.noteMoreInStore();
    lane.release(job);
  }

  /** Frees an ordering key once the last of its jobs has left memory, or blocks it if one of them failed. */
  #closeKey(lane: Lane, entries: readonly Entry[], isRecorded: boolean): void {
    const now = this.#options.engine.clock.now();
    const failed = entries.find(({ outcome }) => outcome !== null && (!isRecorded || blocks(outcome, now)));
    const last = failed ?? entries.at(-1)!;
    for (const { job, outcome } of entries) {
      if (job === last.job) continue;
      const isRevoked = lane.jobs.isRevoked(job);
      lane.jobs.forget(job);
      if (outcome === null) {
        lane.order?.leaveBehind(job);
        lane.noteMoreInStore();
      } else if (isRecorded) this.#options.noteRecorded(lane, outcome, isRevoked);
    }
    this.#closeOne(lane, last, isRecorded);
  }

  /** Pauses the lane. No attempt was used up. */
  #stop(lane: Lane, stop: BatchedResult, wakes: number): void {
    const { buffer, timers } = this.#options.engine;
    buffer.spill(lane);
    lane.noteMoreInStore();
    if (stop.kind === "held") lane.hold(wakes);
    else if (stop.kind === "not_now") timers.pause(lane, stop.pauseMs);
  }
}

/** Combines the results for the endpoint's rate control: it asked to wait, accepted a message, or failed. */
function combinedResult(results: readonly BatchedResult[]): AttemptResult {
  let accepted: AttemptResult | null = null;
  let failed: AttemptResult | null = null;
  for (const result of results) {
    if (result.kind !== "made") continue;
    const { attempt, retryAfterMs } = result;
    if (attempt.status !== 0 && retryAfterMs !== null) return result;
    if (attempt.status === 0) accepted ??= result;
    if (attempt.unsent !== true) failed ??= result;
  }
  return accepted ?? failed ?? { kind: "void" };
}

function isCounted(result: BatchedResult): result is Counted {
  return result.kind === "made" || result.kind === "void";
}

function isKeyed(job: Job): boolean {
  return isInOrder(job) && typeof job.orderKey === "string";
}

function blocks({ state, passAt = null }: Outcome, now: number): boolean {
  return state === 0 && (passAt === null || passAt > now);
}
