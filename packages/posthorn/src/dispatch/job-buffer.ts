/** Jobs in memory over all lanes, within limits. Jobs that do not fit stay in the store, and their lane knows that it has more there. */
import type { Lane } from "./lane.ts";
import { bytesOf } from "./lane-state.ts";
import type { DispatchLimits } from "./types.ts";
import type { Job } from "../store/delivery.ts";

/** Number of jobs that the dedupe remembers. A job that is handed over after that many others may be attempted twice. */
const MAX_REMEMBERED = 10_000;

/**
 * Remembers the jobs that a page showed before their publisher handed them over. A database may show a message to one connection before
 * another connection learns that its commit succeeded. Accepting such a job again would attempt it twice.
 */
export class HandOffDedupe {
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  /** A page contains the job. */
  note(job: Job): void {
    // Only jobs without any attempt are handed over.
    if (job.attempts > 0 || job.generation > 0) return;
    this.#keys.add(keyOf(job));
    if (this.#keys.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#keys;
    this.#keys.delete(oldest!);
  }

  /** Returns whether a page has contained the job that is handed over. A job is handed over once. */
  take(job: Job): boolean {
    return this.#keys.size > 0 && this.#keys.delete(keyOf(job));
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
    // Once some jobs of a lane are only in the store, later ones queue behind them there.
    if (lane.isHeld || lane.hasMoreInStore || lane.page.isLoading || !lane.control.isClosed) return false;
    if (lane.order !== null && !lane.isComplete && !lane.order.follows(job)) return false;
    return lane.queued < this.#limits.laneJobs && this.#queuedBytes < this.#limits.queueBytes;
  }

  /** How many jobs may be loaded from the store. When memory is short, each lane still gets one, so that every lane makes progress. */
  roomOf(lane: Lane): number {
    const { queueBytes, laneJobs } = this.#limits;
    if (this.#queuedBytes >= queueBytes || !lane.control.isClosed) return lane.queued === 0 ? 1 : 0;
    return laneJobs - lane.queued;
  }

  /** Enough jobs of the lane have started to make another page worthwhile. */
  isHalfEmpty(lane: Lane): boolean {
    return lane.queued * 2 < this.#limits.laneJobs;
  }

  /** Returns whether the job is in memory now. */
  put(lane: Lane, job: Job): boolean {
    if (!lane.enqueue(job)) return false;
    this.#queuedBytes += bytesOf(job);
    return true;
  }

  /** Removes and returns the next job that was not canceled in the meantime. @param retries Whether it may be a retry. */
  take(lane: Lane, retries: boolean): Job | undefined {
    for (;;) {
      const job = lane.jobs.take(retries);
      if (job === undefined) return undefined;
      this.#queuedBytes -= bytesOf(job);
      if (!lane.jobs.isRevoked(job)) return job;
      lane.release(job);
    }
  }

  /** The job failed, and the jobs behind it are left to the store. Returns whether the store has jobs that need not wait for its retry. */
  block(lane: Lane, job: Job, passAt: number | null): boolean {
    const { waiting, again } = lane.block(job, passAt);
    for (const left of waiting) this.#queuedBytes -= bytesOf(left);
    return again;
  }

  /** Leaves all queued jobs of a lane to the store. */
  spill(lane: Lane): void {
    for (const spilled of lane.spill()) this.#queuedBytes -= bytesOf(spilled);
  }
}

function keyOf({ endpointId, messageId }: Job): string {
  return `${endpointId} ${messageId}`;
}
