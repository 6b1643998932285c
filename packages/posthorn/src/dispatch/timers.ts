/** Timers of the lanes. One system timer is set for the earliest of them; nothing polls. */
import type { Lane } from "./lane.ts";
import type { Clock } from "./types.ts";

interface Entry {
  readonly key: number;
  readonly at: number;
}

/** Longest sleep. A system timer stops while the machine is suspended, so the clock is read at least this often. */
const MAX_SLEEP_MS = 30_000;
/**
 * A clock that is behind by at least this much was set back. Smaller differences are timers that fired early, or a
 * clock being slewed.
 */
const SET_BACK_MS = 100;
/** Outdated entries that the heap may hold beyond the number of keys. */
const SPARE_ENTRIES = 64;

/** Stores when each lane next has something to do. */
export class LaneTimers {
  readonly #clock: Clock;
  readonly #heap: TimerHeap;
  #isStopped = false;

  /**
   * @param ring Called with an endpoint when its time has come.
   * @param onSetBack Called when the clock was set back.
   */
  constructor(clock: Clock, ring: (endpointId: number) => void, onSetBack: (ms: number) => void) {
    this.#clock = clock;
    this.#heap = new TimerHeap(clock, ring, onSetBack);
  }

  /** Notes that a job in the store becomes due at `due`. */
  noteDue(lane: Lane, due: number): void {
    lane.noteDue(due);
    this.arm(lane);
  }

  /** Sets the time at which the rate or the circuit breaker allows the next attempt. */
  resumeAt(lane: Lane, at: number): void {
    lane.resumeAt(at);
    this.arm(lane);
  }

  /** Stops the lane for a while after a fault on Posthorn's side. */
  pause(lane: Lane, ms: number): void {
    lane.pauseUntil(this.#clock.now() + ms);
    this.arm(lane);
  }

  /** Sets the timer of a lane to the earliest of its times. */
  arm(lane: Lane): void {
    const at = lane.timerAt;
    if (at !== null && !this.#isStopped && !lane.isRetired) this.#heap.set(lane.endpointId, at);
  }

  forget(lane: Lane): void {
    this.#heap.clear(lane.endpointId);
  }

  stop(): void {
    this.#isStopped = true;
    this.#heap.stop();
  }
}

/** Many timers on one system timer, as a binary heap. The time of a key can be changed at any moment. */
export class TimerHeap {
  readonly #clock: Clock;
  readonly #ring: (key: number) => void;
  readonly #onSetBack: (ms: number) => void;
  /** Entries whose time was changed later stay in the heap. `#times` tells which entries are current. */
  readonly #heap: Entry[] = [];
  readonly #times = new Map<number, number>();
  #cancel: (() => void) | null = null;
  #armedFor = Number.POSITIVE_INFINITY;
  /** Earliest time that the clock should show: when the timer was set, or when it was to fire. */
  #leastNow = Number.NEGATIVE_INFINITY;

  /**
   * @param onSetBack Called when the clock was set back by at least `ms`. A timer that is replaced after the step hides the time that passed
   * on it, which is 30 s at most.
   */
  constructor(clock: Clock, ring: (key: number) => void, onSetBack: (ms: number) => void = () => undefined) {
    this.#clock = clock;
    this.#ring = ring;
    this.#onSetBack = onSetBack;
  }

  /** Number of keys with a timer. */
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

  /** Drops outdated entries. A key that is repeatedly set to an earlier time leaves an entry behind for each later one. */
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
