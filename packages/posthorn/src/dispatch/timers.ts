/** Wakes up for the earliest of many times with one timer. A binary heap; a key's time may be set again at any moment. */
import type { Clock } from "./types.ts";

interface Entry {
  readonly key: number;
  readonly at: number;
}

/** A timer counts time that passes, which stands still while the machine sleeps: so it looks at the clock this often. */
const MAX_SLEEP_MS = 30_000;
/** A clock that shows this much less than it should was set back. Less than that is a timer that rang early, or a clock that is slewed. */
const SET_BACK_MS = 100;
/** Outdated entries that may be in the heap beside as many as there are keys. */
const SPARE_ENTRIES = 64;

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: (key: number) => void;
  readonly #onSetBack: (ms: number) => void;
  /** Entries whose time was set again later stay in the heap and are told apart by `#times`. */
  readonly #heap: Entry[] = [];
  readonly #times = new Map<number, number>();
  #cancel: (() => void) | null = null;
  #armedFor = Number.POSITIVE_INFINITY;
  /** The least that the clock should show by now: when the timer was set, or when it rings. */
  #leastNow = Number.NEGATIVE_INFINITY;

  /**
   * @param onSetBack Told that the clock was set back by at least `ms`. A timer that is replaced after the step hides the time that passed
   * on it, which is 30 s at most.
   */
  constructor(clock: Clock, ring: (key: number) => void, onSetBack: (ms: number) => void = () => undefined) {
    this.#clock = clock;
    this.#ring = ring;
    this.#onSetBack = onSetBack;
  }

  /** Keys that wait. */
  get size(): number {
    return this.#times.size;
  }

  set(key: number, at: number): void {
    if (this.#times.get(key) === at) return;
    this.#times.set(key, at);
    push(this.#heap, { key, at });
    if (this.#heap.length > 2 * this.#times.size + SPARE_ENTRIES) this.#rebuild();
    this.#arm();
  }

  clear(key: number): void {
    this.#times.delete(key);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#times.clear();
    this.#heap.length = 0;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#dropOutdated();
    const first = this.#heap[0];
    if (first === undefined || first.at >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = first.at;
    const now = this.#clock.now();
    const sleep = Math.min(Math.max(0, first.at - now), MAX_SLEEP_MS);
    this.#cancel = this.#clock.setTimer(sleep, () => this.#wake(sleep));
    this.#expectAtLeast(now, now);
  }

  #wake(slept: number): void {
    this.#cancel = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    this.#expectAtLeast(this.#leastNow + slept, now);
    for (;;) {
      this.#dropOutdated();
      const first = this.#heap[0];
      if (first === undefined || first.at > now) break;
      pop(this.#heap);
      this.#times.delete(first.key);
      this.#ring(first.key);
    }
    this.#arm();
  }

  #expectAtLeast(least: number, now: number): void {
    const expected = Math.max(least, this.#leastNow);
    this.#leastNow = now;
    if (expected - now >= SET_BACK_MS) this.#onSetBack(expected - now);
  }

  /** Alarms that were set earlier again and again leave entries behind that would only go when their time comes. */
  #rebuild(): void {
    this.#heap.length = 0;
    for (const [key, at] of this.#times) push(this.#heap, { key, at });
  }

  #dropOutdated(): void {
    while (this.#heap.length > 0 && this.#times.get(this.#heap[0]!.key) !== this.#heap[0]!.at) pop(this.#heap);
  }
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (heap[parent]!.at <= entry.at) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
    if (heap[child]!.at >= last.at) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
