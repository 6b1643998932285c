/** Clock of one machine: it can be wrong, run fast or slow, and be set. */
import type { PassingTime } from "../../src/lib/clock.ts";
import type { Clock } from "../../src/dispatch/types.ts";
import { type Life, START, type VirtualTime } from "./virtual-time.ts";

export class MachineClock {
  readonly #time: VirtualTime;
  /** Milliseconds of this clock per elapsed millisecond. */
  readonly #speed: number;
  /** Error of the clock, apart from the effect of its speed. */
  #skew: number;
  #latestWall = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;

  /** @param drift Share of time by which it runs fast. */
  constructor(time: VirtualTime, { skewMs, drift }: { readonly skewMs: number; readonly drift: number }) {
    this.#time = time;
    this.#speed = 1 + drift;
    this.#skew = skewMs;
  }

  /** Milliseconds since the start, as this machine measures them. */
  get passed(): number {
    return this.passedAt(this.#time.elapsed);
  }

  /** Value of `passed` at an elapsed time. */
  passedAt(elapsed: number): number {
    return elapsed * this.#speed;
  }

  /** The time that it shows, Unix milliseconds. */
  get wall(): number {
    return START + Math.floor(this.passed) + this.#skew;
  }

  /** The latest time that it has shown. */
  get latestWall(): number {
    this.#latestWall = Math.max(this.#latestWall, this.wall);
    return this.#latestWall;
  }

  /** When it was last set, in elapsed milliseconds. */
  get jumpedAt(): number {
    return this.#jumpedAt;
  }

  /** Sets it forward or back. */
  jump(ms: number): void {
    void this.latestWall;
    this.#skew += ms;
    this.#jumpedAt = this.#time.elapsed;
  }

  /** The interfaces of the product to this clock, for one process. */
  for(life: Life): Clock & PassingTime {
    return {
      now: () => this.wall,
      monotonic: () => this.passed,
      setTimer: (ms, callback) => this.#time.after(life, ms / this.#speed, callback),
    };
  }
}
