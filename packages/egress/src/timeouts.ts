/** What ends requests before their response is complete (deadlines, and the signals of callers), and connections that are idle for too long. */
import { LinkedList, type ListNode } from "./collections.ts";

/** Something that ends at a time, unless it ends before. */
export interface Timed {
  /** On the clock of `performance.now()`. */
  readonly dueAt: number;
  /** Called once at `dueAt` or later. */
  onDeadline(): void;
}

/** Place of an entry, for its removal. */
export interface DeadlineEntry<T> {
  readonly list: LinkedList<T>;
  readonly node: ListNode<T>;
}

/** Longest delay of a Node timer. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Deadlines of all requests of a client, with one timer. A timer for each request would cost about as much as parsing
 * its response. As accurate as a timer of Node: never early, and late by about a millisecond unless the process stalls.
 *
 * Deadlines with the same timeout form a list, which is sorted because they start in order. The timer runs for the
 * earliest one and is not stopped when that one ends early: when it fires, it is set for the next.
 */
export class Deadlines<T extends Timed> {
  /** By timeout in milliseconds, rounded up. */
  readonly #lists = new Map<number, LinkedList<T>>();
  #size = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  add(one: T, timeoutMs: number): DeadlineEntry<T> {
    const key = Math.ceil(timeoutMs);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = new LinkedList();
      this.#lists.set(key, list);
    }
    if (one.dueAt < this.#timerAt) this.#arm(one.dueAt);
    else if (this.#size === 0) this.#timer?.ref();
    this.#size++;
    return { list, node: list.push(one) };
  }

  remove({ list, node }: DeadlineEntry<T>): void {
    if (!list.remove(node)) return;
    // The timer may stay, but must not keep the process running.
    if (--this.#size === 0) this.#timer?.unref();
  }

  /** Copy of the current entries. */
  values(): T[] {
    return [...this.#lists.values()].flatMap((list) => list.values());
  }

  /** Stops the timer. Entries can no longer be added. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  #arm(at: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.ceil(at - performance.now());
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(delay, 1), MAX_DELAY_MS));
  }

  #fire(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, list] of this.#lists) {
      for (let one = list.first; one !== undefined && one.dueAt <= now; one = list.first) this.#end(list, one);
      if (list.first === undefined) this.#lists.delete(key);
      else next = Math.min(next, list.first.dueAt);
    }
    if (next < this.#timerAt) this.#arm(next);
  }

  #end(list: LinkedList<T>, one: T): void {
    list.shift();
    this.#size--;
    one.onDeadline();
  }
}

/** Something that a signal ends. */
export interface Cancelable {
  onCancel(): void;
}

/** Place of an entry, for its removal. */
export interface CancelEntry {
  readonly group: SignalGroup;
  readonly node: ListNode<Cancelable>;
}

interface SignalGroup {
  readonly signal: AbortSignal;
  readonly members: LinkedList<Cancelable>;
  readonly onAbort: () => void;
}

/** Requests by their `AbortSignal`, with one listener for each signal: many requests share one signal. */
export class Cancellations {
  readonly #groups = new Map<AbortSignal, SignalGroup>();

  add(signal: AbortSignal, one: Cancelable): CancelEntry {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      const members = new LinkedList<Cancelable>();
      group = { signal, members, onAbort: () => members.values().forEach((member) => member.onCancel()) };
      this.#groups.set(signal, group);
      signal.addEventListener("abort", group.onAbort, { once: true });
    }
    return { group, node: group.members.push(one) };
  }

  remove({ group, node }: CancelEntry): void {
    group.members.remove(node);
    if (group.members.size > 0) return;
    this.#groups.delete(group.signal);
    group.signal.removeEventListener("abort", group.onAbort);
  }
}

/** Shortest delay of the timer, so that many connections with different ends do not make it run all the time. */
const MIN_DELAY_MS = 100;

/**
 * Closes connections that were idle for too long, with one timer for all of them. They are closed up to 100 ms late;
 * the pool checks the time before it uses one. The timer does not keep the process running.
 */
export class IdleTimer<C extends { readonly idleUntil: number }> {
  readonly #idle: LinkedList<C>;
  readonly #now: () => number;
  readonly #close: (connection: C) => void;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(idle: LinkedList<C>, now: () => number, close: (connection: C) => void) {
    this.#idle = idle;
    this.#now = now;
    this.#close = close;
  }

  /** Makes sure that the timer fires soon after this time. */
  expect(at: number): void {
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.max(MIN_DELAY_MS, Math.ceil(at - this.#now()));
    this.#timer = setTimeout(() => this.#fire(), delay);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  #fire(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const connection of this.#idle.values()) {
      if (connection.idleUntil <= now) this.#close(connection);
      else next = Math.min(next, connection.idleUntil);
    }
    this.expect(next);
  }
}
