/** Measures how busy the threads of this process are, and how much of the machine is left. */
import { availableParallelism, cpus } from "node:os";
import { type EventLoopUtilization, performance } from "node:perf_hooks";

/** How busy threads were since the last reading: shares of the time, from 0 to 1. */
export interface ThreadLoad {
  readonly busiest: number;
  readonly mean: number;
}

/** A thread whose event loop is measured. */
export interface MeasuredThread {
  readonly performance: { eventLoopUtilization(): EventLoopUtilization };
}

export interface LoadMeter {
  /** Load of the main thread and the given threads since the last call. A thread is included from its second call on. */
  threads(others: readonly MeasuredThread[]): ThreadLoad;
  /** Additional cores that this process could have used since the last call; `null` on the first call. */
  spareCores(): number | null;
}

/** CPU time in milliseconds. */
export interface CpuTimes {
  readonly at: number;
  /** Of this process. */
  readonly own: number;
  /** CPU times of all cores of the machine: idle and total. */
  readonly idle: number;
  readonly total: number;
}

/** What is measured of the machine. */
export interface MeasuredMachine {
  /** The main thread of this process. */
  readonly main: MeasuredThread;
  /** Cores that this process may use: a container may have fewer than the machine. */
  cores(): number;
  times(): CpuTimes;
}

const THIS_MACHINE: MeasuredMachine = { main: { performance }, cores: availableParallelism, times: readTimes };

/** Reads the event loops of threads and the times of the system. */
export class MachineLoadMeter implements LoadMeter {
  readonly #machine: MeasuredMachine;
  #main: EventLoopUtilization | null = null;
  readonly #others = new WeakMap<MeasuredThread, EventLoopUtilization>();
  #times: CpuTimes | null = null;

  constructor(machine: MeasuredMachine = THIS_MACHINE) {
    this.#machine = machine;
  }

  threads(others: readonly MeasuredThread[]): ThreadLoad {
    const main = this.#machine.main.performance.eventLoopUtilization();
    const shares = [since(main, this.#main)];
    this.#main = main;
    for (const thread of others) {
      const now = thread.performance.eventLoopUtilization();
      shares.push(since(now, this.#others.get(thread) ?? null));
      this.#others.set(thread, now);
    }
    return { busiest: Math.max(...shares), mean: shares.reduce((sum, share) => sum + share, 0) / shares.length };
  }

  spareCores(): number | null {
    const before = this.#times;
    const now = (this.#times = this.#machine.times());
    return before === null ? null : spareBetween(before, now, this.#machine.cores());
  }
}

function since(now: EventLoopUtilization, before: EventLoopUtilization | null): number {
  return before === null ? 0 : performance.eventLoopUtilization(now, before).utilization;
}

function readTimes(): CpuTimes {
  const { user, system } = process.cpuUsage();
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { at: performance.now(), own: (user + system) / 1000, idle, total };
}

/** @param cores Number of cores that the process may use: a container may have fewer than the machine. */
export function spareBetween(before: CpuTimes, now: CpuTimes, cores: number): number {
  const passed = Math.max(1, now.at - before.at);
  const ofQuota = cores - (now.own - before.own) / passed;
  // Some sandboxes report no times of the machine.
  const isKnown = now.total > before.total;
  const ofMachine = isKnown ? (now.idle - before.idle) / passed : Infinity;
  return Math.min(ofQuota, ofMachine);
}
