/** Decides from real samples of event loops and cores when a process starts a thread. */
import type { EventLoopUtilization } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { ThreadGrowth } from "./growth.ts";
import { type CpuTimes, MachineLoadMeter, type MeasuredThread } from "./load.ts";

const SAMPLE_MS = 5000;
/** The main thread of a server at full load uses 152 of 242 µs of CPU time per delivery, the writer thread and V8 the rest: see bench/README.md. */
const CPU_PER_BUSY_THREAD = 1.6;

interface Load {
  /** Share of the time during which each thread is busy, the main thread first. */
  readonly threads: readonly number[];
  /** CPU time that others on the machine use, in cores. */
  readonly others: number;
  /** CPU time of this process, in cores; default: in proportion to its busy threads. */
  readonly own?: number;
}

/** A thread that was busy for a share of the time since the last sample. */
class FakeThread implements MeasuredThread {
  readonly performance = { eventLoopUtilization: (): EventLoopUtilization => this.#utilization };
  #utilization: EventLoopUtilization = { idle: 0, active: 0, utilization: 0 };

  pass(share: number): void {
    const { idle, active } = this.#utilization;
    this.#utilization = {
      idle: idle + (1 - share) * SAMPLE_MS,
      active: active + share * SAMPLE_MS,
      utilization: share,
    };
  }
}

/** A process on a machine with this many cores. */
class Scene {
  readonly #clock = new ManualClock();
  readonly #cores: number;
  readonly #threads = [new FakeThread()];
  readonly #times = { at: 0, own: 0, idle: 0, total: 0 };

  /** @param quota Cores that the process may use. @param reportsTimes Whether the system reports times of its cores. */
  constructor(cores: number, { quota = cores, reportsTimes = true } = {}) {
    this.#cores = cores;
    const times = (): CpuTimes => ({ ...this.#times, ...(reportsTimes ? {} : { idle: 0, total: 0 }) });
    void new ThreadGrowth({
      time: this.#clock,
      meter: new MachineLoadMeter({ main: this.#threads[0]!, cores: () => quota, times }),
      others: () => this.#threads.slice(1),
      isComplete: () => this.#threads.length === quota,
      grow: () => void this.#threads.push(new FakeThread()),
    });
  }

  /** Takes samples under a load. Returns the number of threads afterwards. */
  pass(samples: number, { threads, others, own }: Load): number {
    for (let sample = 0; sample < samples; sample++) {
      for (const [at, thread] of this.#threads.entries()) thread.pass(threads[at] ?? 0);
      const used = own ?? CPU_PER_BUSY_THREAD * threads.reduce((sum, share) => sum + share, 0);
      this.#times.at += SAMPLE_MS;
      this.#times.own += used * SAMPLE_MS;
      this.#times.idle += Math.max(0, this.#cores - used - others) * SAMPLE_MS;
      this.#times.total += this.#cores * SAMPLE_MS;
      this.#clock.advance(SAMPLE_MS);
    }
    return this.#threads.length;
  }
}

describe("on a machine with two cores", () => {
  it("a thread starts if the clients are elsewhere and half a core is left", () => {
    const scene = new Scene(2);
    // The first sample only begins the measurement.
    expect(scene.pass(4, { threads: [0.85], others: 0.1 })).toBe(1);
    expect(scene.pass(1, { threads: [0.85], others: 0.1 })).toBe(2);
  });

  it("none starts if a load generator uses the rest, as in the benchmarks", () => {
    expect(new Scene(2).pass(100, { threads: [0.9], others: 0.5 })).toBe(1);
  });

  it("none starts for a load that one thread can handle", () => {
    expect(new Scene(2).pass(100, { threads: [0.74], others: 0 })).toBe(1);
  });

  it("none starts when other programs pause for less than 20 s", () => {
    const scene = new Scene(2);
    for (let round = 0; round < 10; round++) {
      scene.pass(3, { threads: [0.9], others: 0 });
      expect(scene.pass(1, { threads: [0.9], others: 0.6 })).toBe(1);
    }
  });
});

describe("on a machine with eight cores", () => {
  it("threads start one by one while the load grows, until the last ones take no more than their share", () => {
    const scene = new Scene(8);
    expect(scene.pass(5, { threads: [0.95], others: 1 })).toBe(2);
    expect(scene.pass(20, { threads: [0.55, 0.5], others: 1 })).toBe(2);
    expect(scene.pass(4, { threads: [0.9, 0.85], others: 1 })).toBe(3);
    expect(scene.pass(20, { threads: [0.7, 0.6, 0.6], others: 1 })).toBe(3);
  });

  it("none starts for clients with a single connection, which keep one thread busy", () => {
    const scene = new Scene(8);
    expect(scene.pass(5, { threads: [1], others: 1 })).toBe(2);
    expect(scene.pass(100, { threads: [0.95, 0.02], others: 1 })).toBe(2);
  });

  it("none starts beyond the quota of the container, however idle the machine is", () => {
    const quota = 2;
    expect(new Scene(8, { quota }).pass(100, { threads: [0.95], others: 0, own: 1.6 })).toBe(1);
    expect(new Scene(8, { quota }).pass(100, { threads: [0.95], others: 0, own: 1.4 })).toBe(2);
  });
});

it("only the quota counts if the system reports no times of its cores", () => {
  const options = { quota: 4, reportsTimes: false };
  expect(new Scene(4, options).pass(5, { threads: [0.95], others: 4 })).toBe(2);
  expect(new Scene(4, options).pass(100, { threads: [0.95], others: 0, own: 3.6 })).toBe(1);
});
