/**
 * Jobs in memory across all lanes, within limits. Jobs that do not fit stay in the store, and their lane remembers that
 * there are more.
 */
import type { Lane } from "./lane.ts";
import { bytesOf, isRetry, messageBytes } from "./lane-state.ts";
import { isInOrder } from "./ordered-queue.ts";
import type { BatchPolicy } from "./policy.ts";
import type { DispatchLimits } from "./types.ts";
import type { Job } from "../store/delivery.ts";

/**
 * Number of jobs to remember for deduplication. A job that is handed over after about this many others may be attempted
 * twice.
 */
const MAX_REMEMBERED = 10_000;

/**
 * Remembers the jobs that a page showed before their publisher handed them over. A database may show a message to one connection before
 * another connection learns that its commit succeeded. Accepting such a job again would attempt it twice.
 */
export class HandOffDedupe {
  /** Messages by endpoint. */
  readonly #messages = new Map<number, Set<number>>();
  /** The jobs that were noted last, each as endpoint and message, in a ring. Empty until the first one. */
  #noted = new Float64Array(0);
  #next = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A page contains the job. */
  note({ endpointId, messageId, attempts, generation }: Job): void {
    // Only jobs without attempts are handed over.
    if (attempts > 0 || generation > 0) return;
    if (this.#noted.length === 0) this.#noted = new Float64Array(2 * MAX_REMEMBERED);
    this.#delete(this.#noted[this.#next]!, this.#noted[this.#next + 1]!);
    this.#noted[this.#next] = endpointId;
    this.#noted[this.#next + 1] = messageId;
    this.#next = (this.#next + 2) % this.#noted.length;
    let messages = this.#messages.get(endpointId);
    if (messages === undefined) {
      messages = new Set();
      this.#messages.set(endpointId, messages);
    }
    if (messages.has(messageId)) return;
    messages.add(messageId);
    this.#size++;
  }

  /** Returns whether a page has already contained the job that is being handed over. Each job is handed over once. */
  take({ endpointId, messageId }: Job): boolean {
    return this.#size > 0 && this.#delete(endpointId, messageId);
  }

  #delete(endpointId: number, messageId: number): boolean {
    const messages = this.#messages.get(endpointId);
    if (messages === undefined || !messages.delete(messageId)) return false;
    this.#size--;
    if (messages.size === 0) this.#messages.delete(endpointId);
    return true;
  }
}

export class JobBuffer {
  /** Jobs that were loaded before they were handed over. */
  readonly handOffs = new HandOffDedupe();
  readonly #limits: DispatchLimits;
  #queuedBytes = 0;

  constructor(limits: DispatchLimits) {
    this.#limits = limits;
  }

  /** Memory used by jobs that have not started. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether a job that was just stored can be taken into memory without reading the store. */
  hasRoom(lane: Lane, job: Job): boolean {
    // Once some jobs of a lane are only in the store, later jobs must queue behind them there.
    if (lane.isHeld || lane.hasMoreInStore || lane.page.isLoading || !lane.control.isClosed) return false;
    if (lane.order !== null && !lane.isComplete && !lane.order.follows(job)) return false;
    return lane.queued < lane.room(this.#limits.laneJobs) && this.#queuedBytes < this.#limits.queueBytes;
  }

  /**
   * How many jobs may be loaded from the store. When memory is short, each lane still gets one, or one batch, so that every lane makes progress.
   */
  roomOf(lane: Lane): number {
    const { queueBytes, laneJobs } = this.#limits;
    if (this.#queuedBytes >= queueBytes || !lane.control.isClosed) {
      return Math.max(0, (lane.control.policy.batch?.items ?? 1) - lane.queued);
    }
    return lane.room(laneJobs) - lane.queued;
  }

  /** Enough jobs of the lane have started to make another page worthwhile. */
  isHalfEmpty(lane: Lane): boolean {
    return lane.queued * 2 < lane.room(this.#limits.laneJobs);
  }

  /** Returns whether the job is in memory now. */
  put(lane: Lane, job: Job): boolean {
    if (lane.control.policy.batch !== null) return this.#putForBatch(lane, job);
    if (!lane.enqueue(job)) return false;
    this.#queuedBytes += bytesOf(job);
    return true;
  }

  /**
   * A batch that is waiting for more jobs keeps no payloads in memory; they are read again when it is sent. The same
   * applies to other batches when memory is short.
   */
  #putForBatch(lane: Lane, job: Job): boolean {
    const isWaiting = lane.control.policy.batch!.waitMs > 0;
    const isHeld = !isWaiting && this.#queuedBytes + bytesOf(job) < this.#limits.queueBytes / 2;
    const held = job.payload === null || isHeld ? job : { ...job, payload: null, bytes: messageBytes(job) };
    if (!lane.enqueue(held)) return false;
    lane.noteQueued(held, 1);
    this.#queuedBytes += bytesOf(held);
    return true;
  }

  /**
   * Removes and returns the next job that was not canceled in the meantime.
   * @param retries Whether it may be a retry.
   */
  take(lane: Lane, retries: boolean): Job | undefined {
    for (;;) {
      const job = lane.jobs.take(retries);
      if (job === undefined) return undefined;
      if (lane.jobs.isClaimed(job)) continue;
      this.#remove(lane, job);
      if (!lane.jobs.isRevoked(job)) return job;
      lane.release(job);
    }
  }

  /**
   * Removes and returns the next jobs that may be sent together, in order. A job that belongs to a kept batch is
   * returned alone, because the other members may not be in memory.
   */
  takeBatch(lane: Lane, retries: boolean, batch: BatchPolicy): readonly Job[] {
    const first = this.take(lane, retries);
    if (first === undefined) return [];
    const isKept = (job: Job): boolean => lane.kept !== null && lane.kept.batchOf(job.messageId) !== null;
    if (isKept(first)) return [first];
    const jobs = [first];
    let bytes = messageBytes(first);
    const fits = (job: Job | undefined): job is Job =>
      job !== undefined &&
      jobs.length < batch.items &&
      bytes + messageBytes(job) <= batch.bytes &&
      isRetry(job) === isRetry(first) &&
      !isKept(job) &&
      // All members of a kept batch are retried together, and have their last attempt together.
      (!batch.isKept || (job.attempts === first.attempts && job.trigger === first.trigger));
    for (let head: Job | undefined = first; head !== undefined; head = this.#takeNext(lane, first, fits)) {
      if (head !== first) {
        jobs.push(head);
        bytes += messageBytes(head);
      }
      if (!batch.sharesKeys || lane.order === null || !isInOrder(head)) continue;
      while (fits(lane.order.nextBehind(head))) {
        const next = lane.order.takeBehind(head)!;
        this.#remove(lane, next);
        // Canceled. The key stays in use by the jobs before it.
        if (lane.jobs.isRevoked(next)) lane.jobs.forget(next);
        else {
          jobs.push(next);
          bytes += messageBytes(next);
        }
      }
    }
    return jobs;
  }

  /** Takes a queued job out of order. */
  claim(lane: Lane, job: Job): void {
    lane.jobs.claim(job);
    this.#remove(lane, job);
  }

  #takeNext(lane: Lane, like: Job, fits: (job: Job | undefined) => job is Job): Job | undefined {
    while (fits(lane.jobs.nextLike(like))) {
      const job = lane.jobs.takeLike(like)!;
      this.#remove(lane, job);
      if (!lane.jobs.isRevoked(job)) return job;
      lane.release(job);
    }
    return undefined;
  }

  #remove(lane: Lane, job: Job): void {
    this.#queuedBytes -= bytesOf(job);
    if (lane.control.policy.batch !== null) lane.noteQueued(job, -1);
  }

  /**
   * Called when the job failed: the jobs behind it are left in the store. Returns whether the store has jobs that need
   * not wait for its retry.
   */
  block(lane: Lane, job: Job, passAt: number | null): boolean {
    const { waiting, again } = lane.block(job, passAt);
    for (const left of waiting) this.#remove(lane, left);
    return again;
  }

  /** Drops all queued jobs of a lane from memory; they remain in the store. */
  spill(lane: Lane): void {
    for (const spilled of lane.spill()) this.#queuedBytes -= bytesOf(spilled);
  }
}
