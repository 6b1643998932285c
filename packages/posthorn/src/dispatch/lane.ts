/**
 * The queue of one endpoint in memory.
 *
 * A lane holds a bounded number of jobs; whatever else is due stays in the store, and the lane only knows that it is there
 * (`spilled`) or when it will be (`nextDue`). A job is in memory from the moment it is pushed or paged in until its outcome is
 * on disk: queued → in flight → recording → gone. While it is in memory its row in the store is not paged in again.
 *
 *     open    jobs flow
 *     paused  after a fault of our own; opens by itself at `pausedUntil`
 *     held    the endpoint is off; keeps nothing in memory and opens only when it is woken
 */
import { Fifo } from "./fifo.ts";
import type { Job } from "./types.ts";

/** What a job is taken to weigh beside its payload. */
const JOB_BYTES = 256;

export class Lane {
  readonly endpointId: number;
  inFlight = 0;
  /** There are jobs due in the store that are not in memory. */
  spilled = false;
  /** When the next job in the store is due that is not due yet. */
  nextDue: number | null = null;
  paging = false;
  /** Its page waits for its turn. */
  awaitsPage = false;
  /** Something became due while a page was under way that may not show it. */
  pageAgain = false;
  held = false;
  /** How often the lane was woken. */
  wakes = 0;
  pausedUntil = 0;
  /** Whether the dispatcher has it in the round. */
  inRound = false;
  readonly #queue = new Fifo<Job>();
  /** Generation of each job in memory, by message. */
  readonly #inMemory = new Map<number, number>();
  /** Messages in memory whose delivery was canceled. */
  readonly #revoked = new Set<number>();

  constructor(endpointId: number) {
    this.endpointId = endpointId;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Jobs queued, in flight or being recorded. */
  get inMemory(): number {
    return this.#inMemory.size;
  }

  /** Attempts made whose outcome is not on disk yet. */
  get recording(): number {
    return this.#inMemory.size - this.queued - this.inFlight;
  }

  /** Nothing in memory and nothing known in the store. A held lane has its reason to stay. */
  get idle(): boolean {
    return this.#inMemory.size === 0 && !this.spilled && this.nextDue === null && !this.paging && !this.held;
  }

  /** A job of this message is not started any more. One under way is left alone. */
  revoke(messageId: number): void {
    if (this.#inMemory.has(messageId)) this.#revoked.add(messageId);
  }

  isRevoked(job: Job): boolean {
    return this.#revoked.size > 0 && this.#revoked.has(job.messageId);
  }

  generationInMemory(messageId: number): number | undefined {
    return this.#inMemory.get(messageId);
  }

  enqueue(job: Job): void {
    this.#queue.push(job);
    this.#inMemory.set(job.messageId, job.generation);
  }

  take(): Job | undefined {
    return this.#queue.shift();
  }

  /** The job is no longer in memory: its outcome is on disk, or it is left to the store. */
  forget(job: Job): void {
    this.#inMemory.delete(job.messageId);
    this.#revoked.delete(job.messageId);
  }

  /** Leaves all queued jobs to the store and returns them. */
  spillAll(): readonly Job[] {
    const jobs = this.#queue.drain();
    for (const job of jobs) this.forget(job);
    if (jobs.length > 0) this.spilled = true;
    return jobs;
  }

  /** A row in the store will be due at `due`. */
  noteStored(due: number): void {
    this.nextDue = this.nextDue === null ? due : Math.min(this.nextDue, due);
  }
}

export function bytesOf(job: Job): number {
  return JOB_BYTES + (job.payload?.byteLength ?? 0);
}
