/**
 * Keeps deliveries of one ordering key in the order of their messages, and those of different keys out of each other's way.
 *
 * The store decides whose turn it is: a page holds only jobs of which every job before is done, or in memory already. What has to wait
 * stays in the store and is passed over, once; when its key is free, the next ones of that key are asked for by its name. So memory is
 * bounded however many keys there are, a job costs the same however many wait with it, and a restart finds the same order.
 */
import { Fifo } from "./fifo.ts";
import type { Job, LinePage, Position } from "./types.ts";

/** Jobs of one key in memory behind the one that is under way. */
const MAX_CHAIN = 16;
/** Keys whose jobs were passed over that are known by name; what is over goes by the place of the first of them. */
const MAX_LEFT = 1000;
/** Keys that are asked for in one page. */
const MAX_ASKED = 64;
const START: Position = { due: -1, messageId: -1 };

/** What the failure of a job leaves to the store. */
export interface Blocked {
  /** Jobs that were in memory. */
  readonly waiting: readonly Job[];
  /** Some in the store do not wait for it: the next page, which must be asked for, shows them. */
  readonly again: boolean;
}

/** What a page should hold: the next ones of some keys, or what is due from a place on. */
export interface Ask {
  readonly after: Position;
  readonly keys: readonly string[] | null;
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
  /** Of each key with jobs that were passed over, by name: a place with none of them before it. */
  readonly #left = new Map<string, Position>();
  #leftElsewhere: Position | null = null;
  /** Those of `#left` that are free: pages are asked for the next ones of each. */
  readonly #wanted = new Set<string>();
  /** Keys that the page under way, or else the one before, was asked for; `null`: it went along all that is due. */
  #asked: readonly string[] | null = null;
  /** There can be something due from `#from` on. */
  #unread = true;
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
    if (chain.waiting.length >= MAX_CHAIN) {
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
    return this.#want(orderKey);
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
    for (const other of waiting) this.#leave(orderKey, placeOf(other));
    // Put off when they were sent, and due since it started: they are before it, and its retry will wait for them.
    const hasLeft = this.#isLeft(orderKey) && chain !== undefined && chain.lowestLeft < messageId;
    const again = hasLeft || waiting.some((other) => other.messageId < messageId);
    if (again) this.#want(orderKey);
    return { waiting, again };
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
    this.#unread = true;
    if (this.#paging && (this.#again === null || isBefore(to, this.#again))) this.#again = to;
    if (!isBefore(to, this.#from)) return;
    this.#from = to;
    for (const [key, at] of this.#left) if (!isBefore(at, this.#from)) this.#forgetLeft(key);
    if (this.#leftElsewhere !== null && !isBefore(this.#leftElsewhere, this.#from)) this.#leftElsewhere = null;
  }

  /** Says what the page that is asked for should hold. */
  beginPage(): Ask {
    this.#paging = true;
    this.#again = null;
    this.#freed.clear();
    this.#outdated.clear();
    this.#allOutdated = false;
    // By turns, so that neither waits for the other.
    const byKey = this.#wanted.size > 0 && (this.#asked === null || !this.#unread);
    this.#asked = byKey ? [...this.#wanted].slice(0, MAX_ASKED) : null;
    for (const key of this.#asked ?? []) this.#wanted.delete(key);
    return { after: this.#from, keys: this.#asked };
  }

  pageFailed(): void {
    this.#paging = false;
    for (const key of this.#asked ?? []) this.#want(key);
    if (this.#asked === null) this.#unread = true;
  }

  /** Takes note of what a page passed over. Returns whether there is more to look at. */
  endPage({ scannedTo, done, left, passAt, unread }: LinePage): boolean {
    this.#paging = false;
    if (passAt !== null) this.#notePassAt(passAt);
    if (this.#asked === null) this.#scanned(scannedTo, done);
    else this.#found(this.#asked, left, unread);
    for (const { key, at } of left) {
      this.#leave(key, at);
      if (this.#freed.has(key)) this.#want(key);
    }
    return this.#unread || this.#wanted.size > 0;
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

  #scanned(to: Position, done: boolean): void {
    const again = this.#again;
    this.#from = again !== null && isBefore(again, to) ? again : to;
    this.#unread = !done || isBefore(this.#from, to);
  }

  #found(asked: readonly string[], left: LinePage["left"], unread: readonly string[]): void {
    for (const key of unread) this.#want(key);
    const others = new Set([...unread, ...left.map(({ key }) => key)]);
    for (const key of asked) if (!others.has(key)) this.#forgetLeft(key);
  }

  /** Asks for the next ones of a key. Returns whether there may be some in the store. */
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
