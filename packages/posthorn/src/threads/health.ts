/** What the threads of a process know of each other, for checks of its health. */
import type { ThreadHealth, ThreadProblem } from "../domain/ports.ts";
import type { Broadcast } from "../lib/broadcast.ts";

const TOPIC = "thread problems";
/** How long the main thread may send no ping, of which it sends one every 5 seconds. */
const MAIN_SILENT_MS = 60_000;

/** In the main thread: tells the other threads which of them have problems. */
export class MainHealth implements ThreadHealth {
  readonly #broadcast: Broadcast;
  readonly isMainSilent = false;
  problems: readonly ThreadProblem[] = [];

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
  }

  /** @param isNew A thread has started to run, which knows of none. */
  note(problems: readonly ThreadProblem[], isNew = false): void {
    const isChanged = JSON.stringify(problems) !== JSON.stringify(this.problems);
    this.problems = problems;
    if (isChanged || (isNew && problems.length > 0)) this.#broadcast.publish(TOPIC, problems);
  }
}

/** In another thread: knows the problems that the main thread has told, and whether it still responds. */
export class WorkerHealth implements ThreadHealth {
  readonly #now: () => number;
  #pingedAt: number;
  problems: readonly ThreadProblem[] = [];

  /** @param now Milliseconds that never go back. */
  constructor(broadcast: Broadcast, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#pingedAt = now();
    broadcast.subscribe(TOPIC, (problems) => (this.problems = problems as readonly ThreadProblem[]));
  }

  /** The main thread has sent a ping. */
  pinged(): void {
    this.#pingedAt = this.#now();
  }

  get isMainSilent(): boolean {
    return this.#now() - this.#pingedAt > MAIN_SILENT_MS;
  }
}
