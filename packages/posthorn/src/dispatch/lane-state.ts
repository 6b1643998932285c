/** The parts of a lane: its jobs in memory, and the page that it loads from the store. */
import { isHanging, type Ticket } from "./rate-control.ts";
import { Fifo } from "./queues.ts";
import { isInOrder } from "./ordered-queue.ts";
import type { Job } from "../store/delivery.ts";

/** Estimated memory of a job besides its payload, in bytes. */
const JOB_BYTES = 256;
/** While both kinds are ready, one attempt in this many is a retry. */
const RETRY_SHARE = 5;

/** Jobs of one lane in memory: queued, in flight, or waiting for their outcome to be stored. */
export class LaneJobs {
  readonly #firstAttempts = new Fifo<Job>();
  readonly #retries = new Fifo<Job>();
  #untilRetry = RETRY_SHARE;
  /** All jobs in memory, by message. */
  readonly #byMessage = new Map<number, Job>();
  /** Messages in memory whose delivery was canceled. */
  readonly #revoked = new Set<number>();
  /** Attempts in flight, oldest first. */
  readonly #tickets = new Set<Ticket>();
  /** None of them started before this time. */
  #startedFrom = Number.POSITIVE_INFINITY;
  /** Number of jobs in flight; exceeds the number of attempts if batches are sent. */
  #started = 0;
  /** Jobs that an attempt has taken out of order. They are still in the queue, and are skipped there. */
  readonly #claimed = new WeakSet<Job>();

  /** Number of jobs in memory, in any state. */
  get size(): number {
    return this.#byMessage.size;
  }

  /** Jobs that could start now. */
  get ready(): number {
    return this.#firstAttempts.length + this.#retries.length;
  }

  /** The first ready job. */
  get nextReady(): Job | null {
    return this.#firstAttempts.first ?? this.#retries.first ?? null;
  }

  /** The first ready retry. */
  get nextRetry(): Job | null {
    return this.#retries.first ?? null;
  }

  get inFlight(): number {
    return this.#tickets.size;
  }

  /** Jobs whose attempt is in flight. */
  get started(): number {
    return this.#started;
  }

  /** Whether the oldest attempt in flight has taken so long that the endpoint counts as slow. */
  isHanging(now: number): boolean {
    // Finding the first entry of a set from which entries were deleted takes long.
    if (!isHanging(this.#startedFrom, now)) return false;
    const [oldest] = this.#tickets;
    this.#startedFrom = oldest?.startedAt ?? Number.POSITIVE_INFINITY;
    return isHanging(this.#startedFrom, now);
  }

  /**
   * Message keys of the jobs that are in order. A job that was resent manually may have overtaken others, and is not
   * included.
   */
  get messagesInOrder(): readonly number[] {
    return [...this.#byMessage.values()].filter(isInOrder).map(({ messageId }) => messageId);
  }

  /** Message keys of the jobs that have not been made due again since their message was published. */
  get originals(): readonly number[] {
    const originals: number[] = [];
    for (const { messageId, generation } of this.#byMessage.values()) if (generation === 0) originals.push(messageId);
    return originals;
  }

  has(messageId: number): boolean {
    return this.#byMessage.has(messageId);
  }

  generationOf(messageId: number): number | undefined {
    return this.#byMessage.get(messageId)?.generation;
  }

  add(job: Job): void {
    this.#byMessage.set(job.messageId, job);
  }

  /** Allows a job to start. */
  makeReady(job: Job): void {
    this.#queueOf(job).push(job);
  }

  /**
   * Removes and returns the next ready job: first attempts before retries, except for the share of the retries. @param retries Whether it
   * may be a retry.
   */
  take(retries: boolean): Job | undefined {
    const retryFirst =
      retries && this.#retries.length > 0 && (this.#firstAttempts.length === 0 || this.#untilRetry <= 1);
    if (!retryFirst) {
      this.#untilRetry--;
      return this.#firstAttempts.shift();
    }
    this.#untilRetry = RETRY_SHARE;
    return this.#retries.shift();
  }

  /** The next ready job in the same queue as this one: first attempts or retries. */
  nextLike(job: Job): Job | undefined {
    const queue = this.#queueOf(job);
    while (queue.first !== undefined && this.#claimed.has(queue.first)) queue.shift();
    return queue.first;
  }

  takeLike(job: Job): Job | undefined {
    return this.#queueOf(job).shift();
  }

  /** Marks a queued job as taken out of order. */
  claim(job: Job): void {
    this.#claimed.add(job);
  }

  isClaimed(job: Job): boolean {
    return this.#claimed.has(job);
  }

  get(messageId: number): Job | undefined {
    return this.#byMessage.get(messageId);
  }

  attemptStarted(ticket: Ticket, jobs: number): void {
    this.#tickets.add(ticket);
    this.#startedFrom = Math.min(this.#startedFrom, ticket.startedAt);
    this.#started += jobs;
  }

  attemptEnded(ticket: Ticket, jobs: number): void {
    this.#tickets.delete(ticket);
    this.#started -= jobs;
  }

  /** Adjusts the number of jobs in flight when an attempt takes more jobs or gives some up. */
  startedMore(jobs: number): void {
    this.#started += jobs;
  }

  /** Removes and returns all ready jobs. */
  drainReady(): readonly Job[] {
    const ready = [...this.#firstAttempts.drain(), ...this.#retries.drain()];
    return ready.filter((job) => !this.#claimed.has(job));
  }

  #queueOf(job: Job): Fifo<Job> {
    return isRetry(job) ? this.#retries : this.#firstAttempts;
  }

  /** Removes a job that has left memory, because its outcome is stored or it was left in the store. */
  forget(job: Job): void {
    this.#byMessage.delete(job.messageId);
    this.#revoked.delete(job.messageId);
  }

  /** The delivery of this message was canceled. Its job does not start; an attempt in flight is not interrupted. */
  revoke(messageId: number): void {
    if (this.#byMessage.has(messageId)) this.#revoked.add(messageId);
  }

  isRevoked(job: Job): boolean {
    return this.#revoked.size > 0 && this.#revoked.has(job.messageId);
  }
}

/** The page of jobs that a lane loads from the store: none, queued, or loading. */
export class LanePage {
  #isQueued = false;
  #taken: Promise<void> | null = null;
  #needsReload = false;
  /** Messages whose delivery was canceled since the page was requested: it may still contain them. */
  readonly #outdated = new Set<number>();

  get isQueued(): boolean {
    return this.#isQueued;
  }

  get isLoading(): boolean {
    return this.#taken !== null;
  }

  queue(): void {
    this.#isQueued = true;
  }

  unqueue(): void {
    this.#isQueued = false;
  }

  /** @param taken Settles once the page has been processed, has failed, or is no longer awaited. */
  begin(taken: Promise<void>): void {
    this.#taken = taken;
    this.#outdated.clear();
  }

  end(): void {
    this.#taken = null;
  }

  /** Resolves once the page that is loading, if any, has been processed. */
  async taken(): Promise<void> {
    await this.#taken;
  }

  /** Requests another page, because something became due that this one may not show. */
  requestReload(): void {
    this.#needsReload = true;
  }

  /** Returns whether another page was requested, and clears the request. */
  takeReload(): boolean {
    const needed = this.#needsReload;
    this.#needsReload = false;
    return needed;
  }

  revoke(messageId: number): void {
    if (this.isLoading) this.#outdated.add(messageId);
  }

  /** The delivery was canceled after the page was requested. */
  isOutdated(job: Job): boolean {
    return this.#outdated.has(job.messageId);
  }
}

/** Manual attempts are queued with the first attempts, because a person is waiting for them. */
export function isRetry(job: Job): boolean {
  return job.attempts > 0 && job.trigger === 0;
}

/** Bytes of the message of a job. */
export function messageBytes({ bytes, payload }: Job): number {
  return bytes ?? payload?.byteLength ?? 0;
}

export function bytesOf(job: Job): number {
  return JOB_BYTES + (job.payload?.byteLength ?? 0);
}
