/** The clock of one machine: it can be wrong, run fast or slow, and be set. */
import type { PassingTime } from "../../src/lib/clock.ts";
import type { Clock } from "../../src/dispatch/types.ts";
import { type Life, START, type VirtualTime } from "./virtual-time.ts";

export class MachineClock {
  readonly #time: VirtualTime;
  /** How much of its time passes in a millisecond. */
  readonly #speed: number;
  /** How wrong it is, but for what its speed adds. */
  #skew: number;
  #latestWall = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;

  /** @param drift Part of the time by which it runs fast. */
  constructor(time: VirtualTime, { skewMs, drift }: { readonly skewMs: number; readonly drift: number }) {
    this.#time = time;
    this.#speed = 1 + drift;
    this.#skew = skewMs;
  }

  /** Milliseconds that passed since the start, as this machine counts them. */
  get passed(): number {
    return this.passedAt(this.#time.elapsed);
  }

  /** As `passed`, when so many really had. */
  passedAt(elapsed: number): number {
    return elapsed * this.#speed;
  }

  /** What it shows, Unix milliseconds. */
  get wall(): number {
    return START + Math.floor(this.passed) + this.#skew;
  }

  /** The latest time that it ever showed. */
  get latestWall(): number {
    this.#latestWall = Math.max(this.#latestWall, this.wall);
    return this.#latestWall;
  }

  /** When it was set the last time, in elapsed milliseconds. */
  get jumpedAt(): number {
    return this.#jumpedAt;
  }

  /** Sets it forwards, or backwards. */
  jump(ms: number): void {
    void this.latestWall;
    this.#skew += ms;
    this.#jumpedAt = this.#time.elapsed;
  }

  /** As the product knows it, for one process. */
  for(life: Life): Clock & PassingTime {
    return {
      now: () => this.wall,
      monotonic: () => this.passed,
      setTimer: (ms, callback) => this.#time.after(life, ms / this.#speed, callback),
    };
  }
}
