/** Tracks problems of the threads of a process, for health checks. */
import type { ThreadHealth, ThreadProblem } from "../domain/ports.ts";
import type { Broadcast } from "../lib/broadcast.ts";

const TOPIC = "thread problems";
/** The main thread counts as silent after this long without a ping. It sends one every 5 seconds. */
const MAIN_SILENT_MS = 60_000;

/** Used in the main thread: tells the other threads which of them have problems. */
export class MainHealth implements ThreadHealth {
  readonly #broadcast: Broadcast;
  readonly isMainSilent = false;
  problems: readonly ThreadProblem[] = [];

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
  }

  /** @param isNew Whether a thread has just started, which has not been told about any problems. */
  note(problems: readonly ThreadProblem[], isNew = false): void {
    const isChanged = JSON.stringify(problems) !== JSON.stringify(this.problems);
    this.problems = problems;
    if (isChanged || (isNew && problems.length > 0)) this.#broadcast.publish(TOPIC, problems);
  }
}

/** Used in the other threads: stores the problems that the main thread reported, and whether it still responds. */
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
