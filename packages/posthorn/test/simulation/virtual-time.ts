/** Time that passes only from one event to the next, and a wall clock that can be wrong about it. */
import type { Clock } from "../../src/dispatch/types.ts";

/** Whose events they are. What belongs to a process that was killed never happens. */
export interface Life {
  alive: boolean;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly life: Life;
  readonly happen: () => void;
  canceled: boolean;
}

/** The wall clock at the start of every simulation: 2026-01-05T00:00Z. */
const START = Date.UTC(2026, 0, 5);

export class VirtualTime {
  readonly #heap: Event[] = [];
  #elapsed = 0;
  #order = 0;
  /** How wrong the wall clock is. */
  #skew = 0;
  #latestWall = START;
  #jumpedAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds since the start that really passed. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** What the wall clock says, Unix milliseconds. */
  get wall(): number {
    return START + Math.floor(this.#elapsed) + this.#skew;
  }

  /** The latest time that the wall clock ever showed. */
  get latestWall(): number {
    this.#latestWall = Math.max(this.#latestWall, this.wall);
    return this.#latestWall;
  }

  /** When the wall clock was set the last time, in elapsed milliseconds. */
  get jumpedAt(): number {
    return this.#jumpedAt;
  }

  /** Sets the wall clock forwards, or backwards. */
  jump(ms: number): void {
    void this.latestWall;
    this.#skew += ms;
    this.#jumpedAt = this.#elapsed;
  }

  /** Lets something happen in `ms`; the result takes it back. */
  after(life: Life, ms: number, happen: () => void): () => void {
    const event = { at: this.#elapsed + Math.max(0, ms), order: ++this.#order, life, happen, canceled: false };
    push(this.#heap, event);
    return () => {
      event.canceled = true;
    };
  }

  delay(life: Life, ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(life, ms, resolve));
  }

  /** A clock as the product knows it, for one process. */
  clockFor(life: Life): Clock {
    return { now: () => this.wall, setTimer: (ms, callback) => this.after(life, ms, callback) };
  }

  /**
   * Lets events happen up to `end`, each with all that follows from it at once. `afterEach` says whether to go on. Returns the number
   * of events.
   */
  async run(end: number, afterEach: () => boolean): Promise<number> {
    let events = 0;
    // Ticks come after microtasks only when they are asked for by one.
    await Promise.resolve();
    await settled();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      pop(this.#heap);
      if (next.canceled || !next.life.alive) continue;
      this.#elapsed = next.at;
      next.happen();
      await settled();
      events++;
      if (!afterEach()) return events;
    }
    this.#elapsed = Math.max(this.#elapsed, end);
    return events;
  }
}

/** Resolves when no promise is left that could go on: ticks come after all microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (isBefore(heap[parent]!, event)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (isBefore(last, heap[child]!)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
