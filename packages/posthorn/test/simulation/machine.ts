/** A machine, with a clock of its own and one process after another. */
import type { Run } from "./run.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { SimulatedNode } from "./node.ts";
import { Life } from "./virtual-time.ts";

export class Machine {
  /** From 1. */
  readonly number: number;
  readonly clock: MachineClock;
  /** Of the process on it, and of what that has asked the database. */
  life = new Life();
  serverLife = new Life();
  run: Run | null = null;
  /** The process that is up. */
  node: SimulatedNode | null = null;
  /** Since when it is up, goes on and reaches the database; `null`: it does not. In elapsed milliseconds. */
  wellSince: number | null = null;
  /** When it came up, stopped, or was in trouble the last time. */
  changedAt = 0;
  /** Events until the process is killed; `null`: it is not going to be. */
  fuse: { events: number; readonly downMs: number } | null = null;

  /** It is told to stop once a request is on its way from it, and is down for so long; `null`: it is not. */
  stopsAtWork: number | null = null;

  constructor(number: number, clock: MachineClock) {
    this.number = number;
    this.clock = clock;
    this.life.alive = false;
  }

  get isDown(): boolean {
    return !this.life.alive;
  }

  get stands(): boolean {
    return this.life.held !== null;
  }
}
