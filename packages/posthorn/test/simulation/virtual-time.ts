/** Virtual time, which advances only from one event to the next. */

/** Owner of events. Events of a killed process never happen; those of a frozen one happen when it resumes. */
export class Life {
  alive = true;
  /** Events that are due while it is frozen; `null`: it is not frozen. */
  held: Event[] | null = null;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly life: Life;
  readonly happen: () => void;
  canceled: boolean;
}

/** The time at the start of every simulation: 2026-01-05T00:00Z. */
export const START = Date.UTC(2026, 0, 5);

export class VirtualTime {
  readonly #heap: Event[] = [];
  #elapsed = 0;
  #order = 0;

  /** Elapsed time: milliseconds since the start of the simulation. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** The correct wall-clock time, Unix milliseconds. */
  get utc(): number {
    return START + Math.floor(this.#elapsed);
  }

  /** Schedules an event in `ms`. Returns a function that cancels it. */
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

  /** Triggers an event now, or when its process resumes if that is frozen. */
  tell(life: Life, happen: () => void): void {
    if (life.held !== null) life.held.push({ at: this.#elapsed, order: ++this.#order, life, happen, canceled: false });
    else if (life.alive) happen();
  }

  freeze(life: Life): void {
    life.held ??= [];
  }

  /** Resumes a frozen process: the events that were held back happen now, in order. */
  thaw(life: Life): void {
    const held = life.held ?? [];
    life.held = null;
    for (const event of held) {
      // The canceling code holds the event and not its copy.
      this.after(life, 0, () => (event.canceled ? undefined : event.happen()));
    }
  }

  /**
   * Runs the events up to `end`, each with its immediate consequences. `afterEach` returns whether to continue. Returns the number
   * of events.
   */
  async run(end: number, afterEach: () => boolean): Promise<number> {
    let events = 0;
    // A tick runs after all microtasks only if a microtask requested it.
    await Promise.resolve();
    await settled();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      pop(this.#heap);
      if (next.canceled || !next.life.alive) continue;
      this.#elapsed = next.at;
      if (next.life.held !== null) {
        next.life.held.push(next);
        continue;
      }
      next.happen();
      await settled();
      events++;
      if (!afterEach()) return events;
    }
    this.#elapsed = Math.max(this.#elapsed, end);
    return events;
  }
}

/** Resolves when no promise can make further progress: ticks run after all microtasks. */
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
