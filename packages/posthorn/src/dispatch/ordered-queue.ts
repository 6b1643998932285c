/**
 * Keeps deliveries of one ordering key in the order of their messages, without making different keys wait for each other.
 *
 * The store decides which jobs may start: a page contains only jobs whose predecessors are all done or in memory. Jobs
 * that must wait stay in the store and are passed over once. When their key is free, the next jobs of that key are
 * requested by name. This bounds the memory for any number of keys, makes the cost of a job independent of how many
 * wait with it, and preserves the order across a restart.
 */
import { Fifo } from "./queues.ts";
import type { Job, OrderedPage, Position } from "../store/delivery.ts";

/** Jobs of one key in memory behind the one in flight, unless batches are larger. */
export const MAX_WAITING = 16;
/**
 * Maximum keys with passed-over jobs that are remembered by name. For further keys, only the position of the first job
 * is remembered.
 */
const MAX_LEFT = 1000;
/** Keys that are requested in one page. */
const MAX_REQUESTED = 64;
const START: Position = { due: -1, messageId: -1 };

/** The effect of a failed job on the jobs behind it. */
export interface Blocked {
  /** Jobs that are dropped from memory and remain in the store. */
  readonly waiting: readonly Job[];
  /** Whether the store has jobs that need not wait for it, so another page must be requested. */
  readonly again: boolean;
}

/** Contents of a page: the next jobs of some keys, or the jobs that are due from a position on. */
export interface PageRequest {
  readonly after: Position;
  readonly keys: readonly string[] | null;
}

/** The jobs behind the one in flight, for one key. */
interface KeyQueue {
  /** Jobs in memory, in the order in which they start. */
  readonly waiting: Fifo<Job>;
  /** The lowest message key that was left in the store although it was allowed to start; infinity: none. */
  lowestLeft: number;
}

export class OrderedQueue {
  /** Jobs of one key in memory behind the one in flight. */
  maxWaiting: number;
  /** Start of the next page. Jobs due before it are in memory or were passed over. */
  #from = START;
  /** The earliest position that was requested again while a page is loading. */
  #again: Position | null = null;
  /** For each key that has a job in memory. */
  readonly #keys = new Map<string, KeyQueue>();
  #waiting = 0;
  /** For each key with jobs that were passed over, a position before the first of them. */
  readonly #left = new Map<string, Position>();
  /** The same for keys beyond `MAX_LEFT`. */
  #leftElsewhere: Position | null = null;
  /** The keys of `#left` that are free, so that their next jobs can be requested. */
  readonly #wanted = new Set<string>();
  /**
   * Keys for which the loading page, or else the previous one, was requested; `null`: it scans everything that is due.
   */
  #requested: readonly string[] | null = null;
  /** Whether jobs may be due from `#from` on. */
  #unread = true;
  /** Keys that became free while a page is loading, which may not reflect that. */
  readonly #freed = new Set<string>();
  /** For each key, the message that failed since the last page was requested: the jobs of the key in that page are outdated. */
  readonly #outdated = new Map<string, number>();
  #allOutdated = false;
  #isLoading = false;
  /** When the first blocking job stops blocking others. */
  #passAt: number | null = null;

  constructor(maxWaiting = MAX_WAITING) {
    this.maxWaiting = maxWaiting;
  }

  /** Number of jobs in memory that wait for another job. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether no job was passed over. */
  get isClean(): boolean {
    return this.#left.size === 0 && this.#leftElsewhere === null;
  }

  /** Whether a job that was just stored can follow the jobs in memory, without reading the store. */
  follows({ orderKey }: Job): boolean {
    if (orderKey === null || orderKey === undefined) return false;
    const queue = this.#keys.get(orderKey);
    return queue !== undefined && queue.waiting.length < this.maxWaiting && !this.#isLeft(orderKey);
  }

  /**
   * `go`: the job may start. `wait`: it starts when the job before it is done. `leave`: it stays in the store for now.
   * `again`: it stays in the store, and another page must be requested that contains it.
   */
  admit(job: Job): "go" | "wait" | "leave" | "again" {
    const { orderKey } = job;
    if (!isInOrder(job) || orderKey === null || orderKey === undefined) return "go";
    const queue = this.#keys.get(orderKey);
    if (this.#allOutdated || (queue === undefined && this.#outdated.has(orderKey))) {
      this.#leave(orderKey, placeOf(job));
      if (job.messageId >= (this.#outdated.get(orderKey) ?? 0)) return "leave";
      this.rewind(placeOf(job));
      return "again";
    }
    if (queue === undefined) {
      this.#keys.set(orderKey, { waiting: new Fifo(), lowestLeft: Number.POSITIVE_INFINITY });
      return "go";
    }
    if (queue.waiting.length >= this.maxWaiting) {
      this.#leave(orderKey, placeOf(job));
      queue.lowestLeft = Math.min(queue.lowestLeft, job.messageId);
      return "leave";
    }
    queue.waiting.push(job);
    this.#waiting++;
    return "wait";
  }

  /**
   * Called when a job is done or may be overtaken. Returns the next job of its key, which may start now, or whether the
   * store has some.
   */
  release(job: Job): Job | "in_store" | null {
    const { orderKey } = job;
    if (orderKey === null || orderKey === undefined) return null;
    // A job that was resent manually has no queue, but others in the store may be waiting for it.
    if (isInOrder(job)) {
      const next = this.#keys.get(orderKey)?.waiting.shift();
      if (next !== undefined) {
        this.#waiting--;
        return next;
      }
      this.#keys.delete(orderKey);
    }
    if (this.#isLoading) this.#freed.add(orderKey);
    return this.#want(orderKey) ? "in_store" : null;
  }

  /** The job that waits directly behind the jobs of this key that have started. */
  nextBehind({ orderKey }: Job): Job | undefined {
    return typeof orderKey === "string" ? this.#keys.get(orderKey)?.waiting.first : undefined;
  }

  /** Removes and returns that job, which is sent together with those that have started. */
  takeBehind({ orderKey }: Job): Job | undefined {
    const next = this.#keys.get(orderKey!)?.waiting.shift();
    if (next !== undefined) this.#waiting--;
    return next;
  }

  /** Leaves a started job in the store: it was not sent because a job before it failed. */
  leaveBehind(job: Job): void {
    if (typeof job.orderKey === "string") this.#leave(job.orderKey, placeOf(job));
  }

  /** Called when a job failed: the jobs behind it wait for its retry in the store. */
  block(job: Job, passAt: number | null): Blocked {
    const { orderKey, messageId } = job;
    if (!isInOrder(job) || orderKey === null || orderKey === undefined) return { waiting: [], again: false };
    if (passAt !== null) this.#notePassAt(passAt);
    this.#outdated.set(orderKey, messageId);
    const queue = this.#keys.get(orderKey);
    const waiting = queue?.waiting.drain() ?? [];
    this.#keys.delete(orderKey);
    this.#waiting -= waiting.length;
    for (const other of waiting) this.#leave(orderKey, placeOf(other));
    // Jobs that were postponed and became due since this one started come before it, and its retry waits for them.
    const hasLeft = this.#isLeft(orderKey) && queue !== undefined && queue.lowestLeft < messageId;
    const again = hasLeft || waiting.some((other) => other.messageId < messageId);
    if (again) this.#want(orderKey);
    return { waiting, again };
  }

  /** Leaves the waiting jobs in the store, and frees the keys of `queued`, which are in memory but have not started. */
  drain(queued: readonly Job[]): readonly Job[] {
    const jobs = [...this.#keys.values()].flatMap(({ waiting }) => waiting.drain());
    for (const job of queued) if (isInOrder(job) && typeof job.orderKey === "string") this.#keys.delete(job.orderKey);
    this.#waiting = 0;
    this.#allOutdated = true;
    this.restart();
    return jobs;
  }

  /** Scans the store again from the start. */
  restart(): void {
    this.rewind(START);
  }

  /** Scans the store again from this position. */
  rewind(to: Position): void {
    this.#unread = true;
    if (this.#isLoading && (this.#again === null || isBefore(to, this.#again))) this.#again = to;
    if (!isBefore(to, this.#from)) return;
    this.#from = to;
    for (const [key, at] of this.#left) if (!isBefore(at, this.#from)) this.#forgetLeft(key);
    if (this.#leftElsewhere !== null && !isBefore(this.#leftElsewhere, this.#from)) this.#leftElsewhere = null;
  }

  /** Begins a page and returns what it should contain. */
  beginPage(): PageRequest {
    this.#isLoading = true;
    this.#again = null;
    this.#freed.clear();
    this.#outdated.clear();
    this.#allOutdated = false;
    // Alternates between keys and scan, so that neither waits for the other.
    const byKey = this.#wanted.size > 0 && (this.#requested === null || !this.#unread);
    this.#requested = byKey ? [...this.#wanted].slice(0, MAX_REQUESTED) : null;
    for (const key of this.#requested ?? []) this.#wanted.delete(key);
    return { after: this.#from, keys: this.#requested };
  }

  pageFailed(): void {
    this.#isLoading = false;
    for (const key of this.#requested ?? []) this.#want(key);
    if (this.#requested === null) this.#unread = true;
  }

  /** Notes which jobs a page passed over. Returns whether there is more to load. */
  endPage({ scannedTo, done, left, passAt, unread }: OrderedPage): boolean {
    this.#isLoading = false;
    if (passAt !== null) this.#notePassAt(passAt);
    if (this.#requested === null) this.#scanned(scannedTo, done);
    else this.#found(this.#requested, left, unread);
    for (const { key, at } of left) {
      this.#leave(key, at);
      if (this.#freed.has(key)) this.#want(key);
    }
    return this.#unread || this.#wanted.size > 0;
  }

  /** When blocked jobs may overtake the job that blocks them; `null`: no blocked job is known. */
  get passAt(): number | null {
    return this.#passAt;
  }

  /** Scans the store again if a blocking job may now be overtaken. Returns whether it does. */
  passBy(now: number): boolean {
    if (this.#passAt === null || this.#passAt > now) return false;
    this.#passAt = null;
    this.restart();
    return true;
  }

  #scanned(to: Position, done: boolean): void {
    const again = this.#again;
    this.#from = again !== null && isBefore(again, to) ? again : to;
    this.#unread = !done || isBefore(this.#from, to);
  }

  #found(requested: readonly string[], left: OrderedPage["left"], unread: readonly string[]): void {
    for (const key of unread) this.#want(key);
    const others = new Set([...unread, ...left.map(({ key }) => key)]);
    for (const key of requested) if (!others.has(key)) this.#forgetLeft(key);
  }

  /** Requests the next jobs of a key. Returns whether the store may have some. */
  #want(key: string): boolean {
    if (this.#left.has(key)) this.#wanted.add(key);
    else if (this.#leftElsewhere !== null) this.rewind(this.#leftElsewhere);
    else return false;
    return true;
  }

  #forgetLeft(key: string): void {
    this.#left.delete(key);
    this.#wanted.delete(key);
  }

  #notePassAt(at: number): void {
    this.#passAt = this.#passAt === null ? at : Math.min(this.#passAt, at);
  }

  #isLeft(key: string): boolean {
    return this.#leftElsewhere !== null || this.#left.has(key);
  }

  #leave(key: string, at: Position): void {
    // The next page shows it anyway.
    if (!isBefore(at, this.#from)) return;
    const known = this.#left.get(key);
    if (known !== undefined) {
      if (isBefore(at, known)) this.#left.set(key, at);
    } else if (this.#left.size < MAX_LEFT) {
      this.#left.set(key, at);
    } else if (this.#leftElsewhere === null || isBefore(at, this.#leftElsewhere)) {
      this.#leftElsewhere = at;
    }
  }
}

/** A job that was resent manually starts regardless of the jobs before it. */
export function isInOrder({ trigger, resent }: Job): boolean {
  return trigger === 0 || resent !== true;
}

/** The position just before a job. */
function placeOf({ due, messageId }: Job): Position {
  return { due, messageId: messageId - 1 };
}

function isBefore(one: Position, other: Position): boolean {
  return one.due < other.due || (one.due === other.due && one.messageId < other.messageId);
}
