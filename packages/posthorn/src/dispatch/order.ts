/**
 * Keeps deliveries of one ordering key in the order of their messages, and those of different keys out of each other's way.
 *
 * The store decides whose turn it is: a page holds only jobs of which every job before is done, or in memory already. What waits for a
 * failed one stays in the store and is passed over, page by page, until its key is free. So memory is bounded however many keys there
 * are, and a restart finds the same order.
 */
import { Fifo } from "./fifo.ts";
import type { Job, LinePage, Position } from "./types.ts";

/** Jobs of one key in memory behind the one that is under way. */
const MAX_CHAIN = 16;
/** Keys whose jobs were passed over that are known by name; what is over goes by the place of the first of them. */
const MAX_LEFT = 1000;
const START: Position = { due: -1, messageId: -1 };

/** What the failure of a job leaves to the store. */
export interface Blocked {
  /** Jobs that were in memory. */
  readonly waiting: readonly Job[];
  /** Some in the store do not wait for it: the next page, which must be asked for, shows them. */
  readonly again: boolean;
}

/** Of a key that has a job under way: what comes after it. */
interface Chain {
  /** In memory, in the order in which they start. */
  readonly waiting: Fifo<Job>;
  /** The lowest message key that was left to the store although its turn had come; infinity: none. */
  lowestLeft: number;
}

export class Line {
  /** Where the next page begins: what is due before is in memory, or was passed over. */
  #from = START;
  /** The earliest place that was asked for again while a page is under way. */
  #again: Position | null = null;
  /** Of each key that has a job in memory. */
  readonly #chains = new Map<string, Chain>();
  #waiting = 0;
  /** The first job that was passed over, by key. */
  readonly #left = new Map<string, Position>();
  #leftElsewhere: Position | null = null;
  /** Keys that became free while a page is under way that may not show it. */
  readonly #freed = new Set<string>();
  /** The message that failed, by key, since the last page was asked for: what that page holds of the key is out of date. */
  readonly #outdated = new Map<string, number>();
  #allOutdated = false;
  #paging = false;
  /** When a job that blocks others does so no longer. */
  #passAt: number | null = null;

  /** Jobs in memory that wait for another one. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Nothing was passed over. */
  get isClean(): boolean {
    return this.#left.size === 0 && this.#leftElsewhere === null;
  }

  /** Whether a job that was just stored can follow the ones in memory, without a look at the store. */
  follows({ orderKey }: Job): boolean {
    if (orderKey === null || orderKey === undefined) return false;
    const chain = this.#chains.get(orderKey);
    return chain !== undefined && chain.waiting.length < MAX_CHAIN && !this.#isLeft(orderKey);
  }

  /**
   * `go`: it may start. `wait`: it does when the one before it is done. `leave`: it is found in the store later. `again`: it is found
   * in the store by the next page, which must be asked for.
   */
  admit(job: Job): "go" | "wait" | "leave" | "again" {
    const { orderKey } = job;
    if (!inLine(job) || orderKey === null || orderKey === undefined) return "go";
    const chain = this.#chains.get(orderKey);
    if (this.#allOutdated || (chain === undefined && this.#outdated.has(orderKey))) {
      this.#leave(orderKey, placeOf(job));
      if (job.messageId >= (this.#outdated.get(orderKey) ?? 0)) return "leave";
      this.rewind(placeOf(job));
      return "again";
    }
    if (chain === undefined) {
      this.#chains.set(orderKey, { waiting: new Fifo(), lowestLeft: Number.POSITIVE_INFINITY });
      return "go";
    }
    if (chain.waiting.length >= MAX_CHAIN || this.#left.has(orderKey)) {
      this.#leave(orderKey, placeOf(job));
      chain.lowestLeft = Math.min(chain.lowestLeft, job.messageId);
      return "leave";
    }
    chain.waiting.push(job);
    this.#waiting++;
    return "wait";
  }

  /** A job is done, or passed: the next of its key, which may start now; or whether some of its key are in the store. */
  free(job: Job): Job | boolean {
    const { orderKey } = job;
    if (orderKey === null || orderKey === undefined) return false;
    // One that was sent by hand has no chain, and yet others in the store can wait for it.
    if (inLine(job)) {
      const next = this.#chains.get(orderKey)?.waiting.shift();
      if (next !== undefined) {
        this.#waiting--;
        return next;
      }
      this.#chains.delete(orderKey);
    }
    if (this.#paging) this.#freed.add(orderKey);
    const at = this.#left.get(orderKey) ?? this.#leftElsewhere;
    if (at !== null) this.rewind(at);
    return at !== null;
  }

  /** A job failed and those behind it wait for its retry: they are left to the store. */
  block(job: Job, passAt: number | null): Blocked {
    const { orderKey, messageId } = job;
    if (!inLine(job) || orderKey === null || orderKey === undefined) return { waiting: [], again: false };
    if (passAt !== null) this.#notePassAt(passAt);
    this.#outdated.set(orderKey, messageId);
    const chain = this.#chains.get(orderKey);
    const waiting = chain?.waiting.drain() ?? [];
    this.#chains.delete(orderKey);
    this.#waiting -= waiting.length;
    if (waiting[0] !== undefined) this.#leave(orderKey, placeOf(waiting[0]));
    // Put off when they were sent, and due since it started: they are before it, and its retry will wait for them.
    const before = waiting.filter((other) => other.messageId < messageId).map(placeOf);
    const left = this.#left.get(orderKey) ?? this.#leftElsewhere;
    if (left !== null && chain !== undefined && chain.lowestLeft < messageId) before.push(left);
    for (const place of before) this.rewind(place);
    return { waiting, again: before.length > 0 };
  }

  /** Leaves what waits to the store, and with it the keys of `queued`, which are in memory and have not started. */
  drain(queued: readonly Job[]): readonly Job[] {
    const jobs = [...this.#chains.values()].flatMap(({ waiting }) => waiting.drain());
    for (const job of queued) if (inLine(job) && typeof job.orderKey === "string") this.#chains.delete(job.orderKey);
    this.#waiting = 0;
    this.#allOutdated = true;
    this.restart();
    return jobs;
  }

  /** Everything in the store is looked at anew. */
  restart(): void {
    this.rewind(START);
  }

  /** What is due from this place on is looked at again. */
  rewind(to: Position): void {
    if (this.#paging && (this.#again === null || isBefore(to, this.#again))) this.#again = to;
    if (!isBefore(to, this.#from)) return;
    this.#from = to;
    for (const [key, at] of this.#left) if (!isBefore(at, this.#from)) this.#left.delete(key);
    if (this.#leftElsewhere !== null && !isBefore(this.#leftElsewhere, this.#from)) this.#leftElsewhere = null;
  }

  /** A page is asked for from the place that is returned. */
  beginPage(): Position {
    this.#paging = true;
    this.#again = null;
    this.#freed.clear();
    this.#outdated.clear();
    this.#allOutdated = false;
    return this.#from;
  }

  pageFailed(): void {
    this.#paging = false;
  }

  /** Takes note of what a page passed over. Returns whether there is more to look at. */
  endPage({ scannedTo, done, left, passAt }: LinePage): boolean {
    this.#paging = false;
    const again = this.#again;
    this.#from = again !== null && isBefore(again, scannedTo) ? again : scannedTo;
    if (passAt !== null) this.#notePassAt(passAt);
    for (const { key, at } of left) {
      if (this.#freed.has(key)) this.rewind(at);
      else this.#leave(key, at);
    }
    return !done || isBefore(this.#from, scannedTo);
  }

  /** When those that wait for a job may pass it; `null`: not known of any. */
  get passAt(): number | null {
    return this.#passAt;
  }

  /** Looks at everything anew when the time has come to pass a job. Returns whether it has. */
  passBy(now: number): boolean {
    if (this.#passAt === null || this.#passAt > now) return false;
    this.#passAt = null;
    this.restart();
    return true;
  }

  #notePassAt(at: number): void {
    this.#passAt = this.#passAt === null ? at : Math.min(this.#passAt, at);
  }

  #isLeft(key: string): boolean {
    return this.#leftElsewhere !== null || this.#left.has(key);
  }

  #leave(key: string, at: Position): void {
    // The next page shows it.
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

/** An attempt that somebody asked for by hand is made whatever stands before it. */
export function inLine({ trigger, resent }: Job): boolean {
  return trigger === 0 || resent !== true;
}

/** The place just before a job. */
function placeOf({ due, messageId }: Job): Position {
  return { due, messageId: messageId - 1 };
}

function isBefore(one: Position, other: Position): boolean {
  return one.due < other.due || (one.due === other.due && one.messageId < other.messageId);
}
