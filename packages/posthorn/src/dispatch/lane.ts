/** The queue of one endpoint, with what the dispatcher knows of it. What happens to it is decided in `dispatcher.ts`. */
import { hangs } from "./concurrency-window.ts";
import { Fifo } from "./fifo.ts";
import type { Gate } from "./gate.ts";
import { type Blocked, inLine, type Line } from "./ordered-queue.ts";
import type { Pace, PaceView, Ticket } from "./rate-control.ts";
import { MAX_PAUSE_MS } from "./recorder.ts";
import type { Job, PageWish } from "./types.ts";

/** What a job is taken to weigh beside its payload. */
const JOB_BYTES = 256;
/** While both wait, one of so many attempts is a retry. */
const RETRY_SHARE = 5;

/** What the dispatcher knows of an endpoint. */
export interface LaneView extends PaceView {
  readonly inFlight: number;
  /** Jobs in memory that have not started. */
  readonly queued: number;
}

export class Lane {
  readonly endpointId: number;
  /** `null` until its policy is known. */
  pace: Pace | null = null;
  /** Its policy is being asked for. */
  awaitsPolicy = false;
  /** Its policy may be another one now: nothing is started with the one before. */
  stale = false;
  /** There are jobs due in the store that are not in memory. */
  spilled = false;
  /** When the next job in the store is due that is not due yet. */
  nextDue: number | null = null;
  /** When its rate or its breaker lets it go on. */
  resumeAt: number | null = null;
  /** Its page waits for its turn. */
  awaitsPage = false;
  /** Something became due while a page was under way that may not show it. */
  pageAgain = false;
  held = false;
  /** It is another node's: what ends here is still recorded, and nothing begins any more. */
  gone = false;
  /** How often the lane was woken. */
  wakes = 0;
  /** After a fault of our own. */
  pausedUntil = 0;
  /** Whether it is in the round. */
  inRound = false;
  /** The bound that it waits for. */
  waitsAt: Gate | null = null;
  /** `null`: its deliveries have no order. */
  line: Line | null = null;
  /** What waits in the store comes with the newest first. */
  newestFirst = false;
  readonly #first = new Fifo<Job>();
  readonly #retries = new Fifo<Job>();
  #untilRetry = RETRY_SHARE;
  /** Attempts in flight, the oldest first. */
  readonly #tickets = new Set<Ticket>();
  /** The jobs in memory, by message. */
  readonly #inMemory = new Map<number, Job>();
  /** Messages in memory whose delivery was canceled. */
  readonly #revoked = new Set<number>();
  /** Messages whose delivery was canceled since the page under way was asked for: it may still show them. */
  readonly #outdated = new Set<number>();
  #page: Promise<void> | null = null;

  constructor(endpointId: number) {
    this.endpointId = endpointId;
  }

  /** A page of it is under way. */
  get paging(): boolean {
    return this.#page !== null;
  }

  /** A page was asked for. @param taken Settled once it was taken, failed, or is not waited for any more. */
  beginPage(taken: Promise<void>): void {
    this.#page = taken;
    this.#outdated.clear();
  }

  /** The page under way has arrived, or never will. */
  endPage(): void {
    this.#page = null;
  }

  /** Waits for the page under way, if there is one, to be taken. */
  async pageTaken(): Promise<void> {
    await this.#page;
  }

  /** Jobs that could start now. */
  get ready(): number {
    return this.#first.length + this.#retries.length;
  }

  /** The one of these that comes first. */
  get nextReady(): Job | null {
    return this.#first.first ?? this.#retries.first ?? null;
  }

  /** Jobs in memory that have not started. */
  get queued(): number {
    return this.ready + (this.line?.waiting ?? 0);
  }

  get inFlight(): number {
    return this.#tickets.size;
  }

  /** Jobs queued, in flight or being recorded. */
  get inMemory(): number {
    return this.#inMemory.size;
  }

  /** Attempts made whose outcome is not on disk yet. */
  get recording(): number {
    return this.#inMemory.size - this.queued - this.inFlight;
  }

  /**
   * Nothing in memory, nothing known in the store, and nothing on its way to it: a page or a policy that arrives wakes the lane that asked
   * for it, and an endpoint must not have two. A held lane has its reason to stay.
   */
  get idle(): boolean {
    if (this.awaitsPolicy) return false;
    if (this.#inMemory.size > 0 || this.spilled || this.nextDue !== null || this.paging || this.held) return false;
    return this.line?.isClean !== false;
  }

  /** All there is of it in the store is in memory too. */
  get isWhole(): boolean {
    return !this.spilled && this.nextDue === null && !this.paging && this.line?.isClean !== false;
  }

  /** A pause that ends later than the longest pause is over: the clock was set back meanwhile. */
  isPaused(now: number): boolean {
    const left = this.pausedUntil - now;
    return left > 0 && left <= MAX_PAUSE_MS;
  }

  /** @param ms By how much the clock was set back; `now`: what it shows since. */
  clockSetBack(ms: number, now: number): void {
    this.pace?.clockSetBack(ms);
    if (this.resumeAt !== null) this.resumeAt -= ms;
    if (this.pausedUntil <= now) return;
    this.pausedUntil -= ms;
    this.noteStored(this.pausedUntil);
  }

  /** Its answers take long, or one is overdue. */
  isSlow(now: number): boolean {
    if (this.pace!.slow) return true;
    const [oldest] = this.#tickets;
    return oldest !== undefined && hangs(oldest.startedAt, now);
  }

  /** A job of this message is not started any more. One under way is left alone. */
  revoke(messageId: number): void {
    if (this.#inMemory.has(messageId)) this.#revoked.add(messageId);
    if (this.paging) this.#outdated.add(messageId);
  }

  /** A job of the page under way that was canceled since that page was asked for. */
  isOutdated(job: Job): boolean {
    return this.#outdated.has(job.messageId);
  }

  isRevoked(job: Job): boolean {
    return this.#revoked.size > 0 && this.#revoked.has(job.messageId);
  }

  generationInMemory(messageId: number): number | undefined {
    return this.#inMemory.get(messageId)?.generation;
  }

  /** Message keys of the jobs in memory that keep their order: one sent by hand may itself have passed others. */
  get known(): readonly number[] {
    return [...this.#inMemory.values()].filter(inLine).map(({ messageId }) => messageId);
  }

  /** What a page of it should hold, beside its length. */
  pageWish(): PageWish | undefined {
    if (this.line !== null) return { kind: "line", ...this.line.beginPage(), known: this.known };
    return this.newestFirst ? { kind: "newest" } : undefined;
  }

  /** Returns whether it is in memory now. */
  enqueue(job: Job): boolean {
    const place = this.line?.admit(job) ?? "go";
    if (place === "again") this.pageAgain = true;
    if (place === "leave" || place === "again") return false;
    if (place === "go") this.ripen(job);
    this.#inMemory.set(job.messageId, job);
    return true;
  }

  /** A job in memory may start from now on. */
  ripen(job: Job): void {
    (isRetry(job) ? this.#retries : this.#first).push(job);
  }

  /** The next job; first attempts before retries, but for a share that retries have. @param retries Whether it may be one. */
  take(retries: boolean): Job | undefined {
    const retryFirst = retries && this.#retries.length > 0 && (this.#first.length === 0 || this.#untilRetry <= 1);
    if (!retryFirst) {
      this.#untilRetry--;
      return this.#first.shift();
    }
    this.#untilRetry = RETRY_SHARE;
    return this.#retries.shift();
  }

  started(ticket: Ticket): void {
    this.#tickets.add(ticket);
  }

  ended(ticket: Ticket): void {
    this.#tickets.delete(ticket);
  }

  /** The job is no longer in memory: its outcome is on disk, or it is left to the store. */
  forget(job: Job): void {
    this.#inMemory.delete(job.messageId);
    this.#revoked.delete(job.messageId);
  }

  /** A job failed, and leaves memory with those that wait for its retry. */
  block(job: Job, passAt: number | null): Blocked {
    this.forget(job);
    const blocked = this.line?.block(job, passAt) ?? { waiting: [], again: false };
    for (const left of blocked.waiting) this.forget(left);
    return blocked;
  }

  /** Leaves all queued jobs to the store and returns them. */
  spillAll(): readonly Job[] {
    // Draining a line forgets which keys were passed over: only another look at the store finds them.
    if (this.line?.isClean === false) this.spilled = true;
    const ready = [...this.#first.drain(), ...this.#retries.drain()];
    const jobs = this.line === null ? ready : [...ready, ...this.line.drain(ready)];
    for (const job of jobs) this.forget(job);
    if (jobs.length > 0) this.spilled = true;
    return jobs;
  }

  /** A row in the store will be due at `due`. */
  noteStored(due: number): void {
    this.nextDue = this.nextDue === null ? due : Math.min(this.nextDue, due);
  }

  /** When there is something to do for it, as far as that is known. */
  get alarmAt(): number | null {
    const times = [this.nextDue, this.resumeAt, this.line?.passAt ?? null].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }
}

/** An attempt by hand goes with the first ones: somebody waits for it. */
export function isRetry(job: Job): boolean {
  return job.attempts > 0 && job.trigger === 0;
}

export function bytesOf(job: Job): number {
  return JOB_BYTES + (job.payload?.byteLength ?? 0);
}
