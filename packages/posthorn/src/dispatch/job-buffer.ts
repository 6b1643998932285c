/** The jobs in memory, over all lanes, within their bounds. What does not fit stays in the store, and its lane knows that there is more. */
import { bytesOf, type Lane } from "./lane.ts";
import type { DispatchLimits, Job } from "./types.ts";

export class Shelf {
  readonly #limits: DispatchLimits;
  #queuedBytes = 0;

  constructor(limits: DispatchLimits) {
    this.#limits = limits;
  }

  /** What the jobs weigh that have not started. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether a job that was just stored can be put in memory without a look at the store. */
  hasRoom(lane: Lane, job: Job): boolean {
    // Once some of a lane's jobs are only in the store, later ones wait behind them there.
    if (lane.held || lane.spilled || lane.paging || !lane.pace!.isClosed) return false;
    if (lane.line !== null && !lane.isWhole && !lane.line.follows(job)) return false;
    return lane.queued < this.#limits.laneJobs && this.#queuedBytes < this.#limits.queueBytes;
  }

  /** Jobs that may be paged in. When memory is short each lane still gets one, so that none stands still. */
  roomOf(lane: Lane): number {
    const { queueBytes, laneJobs } = this.#limits;
    if (this.#queuedBytes >= queueBytes || !lane.pace!.isClosed) return lane.queued === 0 ? 1 : 0;
    return laneJobs - lane.queued;
  }

  /** So much of the lane was started that another page is worth its while. */
  isHalfEmpty(lane: Lane): boolean {
    return lane.queued * 2 < this.#limits.laneJobs;
  }

  /** Returns whether it is in memory now. */
  put(lane: Lane, job: Job): boolean {
    if (!lane.enqueue(job)) return false;
    this.#queuedBytes += bytesOf(job);
    return true;
  }

  /** The next job that was not canceled while it waited. @param retries Whether it may be a retry. */
  take(lane: Lane, retries: boolean): Job | undefined {
    for (;;) {
      const job = lane.take(retries);
      if (job === undefined) return undefined;
      this.#queuedBytes -= bytesOf(job);
      if (!lane.isRevoked(job)) return job;
      this.free(lane, job);
    }
  }

  /** A job has left memory, and its key is free: the next one may start. */
  free(lane: Lane, job: Job): void {
    lane.forget(job);
    const next = lane.line?.free(job) ?? false;
    if (next === true) lane.spilled = true;
    else if (next !== false) lane.ripen(next);
  }

  /** A job failed, and those behind it are left to the store. Returns whether some there do not wait for it. */
  block(lane: Lane, job: Job, passAt: number | null): boolean {
    const { waiting, again } = lane.block(job, passAt);
    for (const left of waiting) this.#queuedBytes -= bytesOf(left);
    return again;
  }

  /** Leaves all queued jobs of a lane to the store. */
  spill(lane: Lane): void {
    for (const spilled of lane.spillAll()) this.#queuedBytes -= bytesOf(spilled);
  }
}
