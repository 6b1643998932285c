/** A machine with its own clock, on which one process runs after another. */
import type { Run } from "./run.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { SimulatedNode } from "./node.ts";
import { Life } from "./virtual-time.ts";

export class Machine {
  /** Counted from 1. */
  readonly number: number;
  readonly clock: MachineClock;
  /** Owners of the events of its process, and of the requests that the process has sent to the database. */
  life = new Life();
  serverLife = new Life();
  run: Run | null = null;
  /** The running process. */
  node: SimulatedNode | null = null;
  /** Time since which it has been running, not frozen and connected to the database, in elapsed milliseconds; `null`: it is not. */
  wellSince: number | null = null;
  /** When it last started, stopped or had a fault. */
  changedAt = 0;
  /** Number of events until the process is killed; `null`: no kill is planned. */
  fuse: { events: number; readonly downMs: number } | null = null;

  /** Downtime after a stop that is planned for its next request in flight; `null`: none is planned. */
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
