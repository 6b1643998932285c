/** Measures how long turns of this process's event loop take, during which it serves no other requests. */

/** CPU time of the thread in microseconds. It does not grow while other processes use the processor. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

const MIB_OF_JSON = `[${"{},".repeat(349_524)}{}]`;

/** CPU time that this machine takes to parse a MiB of JSON: the median of several runs, after two that warm up. */
function unit(): number {
  const runs = Array.from({ length: 13 }, () => {
    const from = cpuTime();
    JSON.parse(MIB_OF_JSON);
    return cpuTime() - from;
  });
  return runs.slice(2).toSorted((a, b) => a - b)[5]!;
}

export class TurnMeter {
  readonly #unit = unit();
  #turnFrom = cpuTime();
  #longest = 0;
  #waiting: ((longest: number) => void)[] = [];

  constructor() {
    setInterval(() => this.#endTurn(), 1).unref();
  }

  /**
   * The work of the longest turn since the last call, in MiB of JSON that could have been parsed. Resolves in a later turn, so that the
   * current one counts.
   */
  take(): Promise<number> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #endTurn(): void {
    const now = cpuTime();
    this.#longest = Math.max(this.#longest, now - this.#turnFrom);
    this.#turnFrom = now;
    if (this.#waiting.length === 0) return;
    for (const resolve of this.#waiting) resolve(this.#longest / this.#unit);
    this.#waiting = [];
    this.#longest = 0;
  }
}
