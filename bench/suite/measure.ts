/** One round: starts a system, puts load on it, and measures the cost. */
import { mkdtempSync, openSync, closeSync, rmSync, writeSync, fdatasyncSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { percentile } from "../lib/node-api.ts";
import { OpenLoop, type OpenLoopJob } from "../lib/open-loop.ts";
import { nextMessage, startModule, stop } from "../lib/processes.ts";
import type { Job, Published } from "../lib/publisher.ts";
import { type CountingReceiver, startReceiver } from "./receiver-process.ts";
import type { Machine, Percentiles, Round } from "./results.ts";
import type { Load, Scenario, SubjectName } from "./scenarios.ts";
import { coreSecondsOf, cpuSecondsOf, memoryOf, type Running, type Subjects } from "./subjects.ts";

export interface RoundOptions {
  readonly subjects: Subjects;
  readonly scenario: Scenario;
  readonly name: SubjectName;
  readonly seconds: number;
  /** Seconds of load before the measurement, until hot code is compiled. */
  readonly warmUp: number;
  readonly profile: string | null;
  /** See `StartOptions`. */
  readonly tree: string | null;
  /** Events per second that the system reached with one endpoint; `null`: not measured. */
  readonly capacity: number | null;
}

const CONNECTIONS = 64;
/** Events before a measurement at a fixed rate, at which memory is to be measured too. */
const QUIET_WARM_UP = { rate: 200, count: 1000 };
/** Events at full speed before a share of the capacity, which was measured with compiled code. */
const FULL_WARM_UP = { rate: null, count: 20_000 };
/** Time until the outcomes of the last events are stored. */
const SETTLE_MS = 300;
const MEMORY_INTERVAL_MS = 1000;
/** Time until a server has completed its work after the start, and returned memory. */
const CALM_MS = 30_000;
/** Minimum observation of a system at rest, because its periodic work is seconds apart. */
const REST_SECONDS = 30;

type Figures = Omit<Round, "load">;

/** Rejects when a system does not start, refuses events, or loses some. */
export async function measureRound(options: RoundOptions): Promise<Round> {
  const load = loadavg()[0]!;
  const { load: wanted } = options.scenario;
  const figures = await figuresOf(options, wanted);
  return { ...figures, load };
}

function figuresOf(options: RoundOptions, load: Load): Promise<Figures> {
  switch (load.kind) {
    case "closed":
    case "drain":
      return withReceiver(options, (running, receiver) =>
        load.kind === "closed" ? closed(options, running, receiver) : drain(load.events, running, receiver),
      );
    case "rate":
      return atRate(options, load.perSecond, QUIET_WARM_UP);
    case "share": {
      if (options.capacity === null)
        throw new Error("the capacity was not measured: run the scenario one-endpoint too");
      return atRate(options, Math.round(load.of * options.capacity), FULL_WARM_UP);
    }
    case "rest":
      return withReceiver(options, (running) => atRest(options.seconds, running));
  }
}

async function withReceiver<T>(
  { subjects, scenario: { setup }, name, profile, tree }: RoundOptions,
  work: (running: Running, receiver: CountingReceiver) => Promise<T>,
): Promise<T> {
  await using receiver = await startReceiver(setup);
  const { url: target, ca } = receiver;
  await using running = await subjects.start(name, { setup, target, ca, profile, tree });
  return await work(running, receiver);
}

async function closed(
  { scenario: { load }, seconds, warmUp }: RoundOptions,
  running: Running,
  receiver: CountingReceiver,
): Promise<Figures> {
  const requests = running.requests ?? (load.kind === "closed" ? load.requests : { kind: "publish" });
  await using publisher = startPublisher(running, requests);
  const { deliveriesPerEvent: fan } = running;
  await receiver.arrived((await publisher.publish(warmUp)).accepted * fan);
  using memory = watchMemory(running);
  const cpu = cpuSecondsOf(running);
  const begun = performance.now();
  const { accepted, p50, p99 } = await publisher.publish(seconds);
  await receiver.arrived(accepted * fan);
  const elapsed = (performance.now() - begun) / 1000;
  return {
    perSecond: accepted / elapsed,
    cpuMicros: ((cpuSecondsOf(running) - cpu) / (accepted * fan)) * 1e6,
    publishMs: { p50, p99 },
    receivedMs: null,
    ...memory.largest(),
    restPercent: null,
  };
}

async function drain(events: number, running: Running, receiver: CountingReceiver): Promise<Figures> {
  if (running.pause === null) throw new Error("it cannot be paused");
  const resume = await running.pause();
  await using publisher = startPublisher(running, { kind: "publish" });
  let stored = 0;
  while (stored < events) stored += (await publisher.publish(1)).accepted;
  using memory = watchMemory(running);
  const cpu = cpuSecondsOf(running);
  const begun = performance.now();
  await resume();
  await receiver.arrived(stored);
  const elapsed = (performance.now() - begun) / 1000;
  return {
    perSecond: stored / elapsed,
    cpuMicros: ((cpuSecondsOf(running) - cpu) / stored) * 1e6,
    publishMs: null,
    receivedMs: null,
    ...memory.largest(),
    restPercent: null,
  };
}

async function atRate(
  { subjects, scenario: { setup }, name, seconds, profile, tree }: RoundOptions,
  perSecond: number,
  warmUp: Pick<OpenLoopJob, "rate" | "count">,
): Promise<Figures> {
  await using loop = await OpenLoop.start();
  const target = loop.url.replace(/\/$/, "");
  await using running = await subjects.start(name, { setup, target, ca: null, profile, tree });
  const job = { origin: running.origin, path: running.paths[0]!, token: running.token };
  await loop.publish({ ...job, ...warmUp });
  using memory = watchMemory(running);
  const count = Math.max(1, perSecond * seconds);
  const cpu = cpuSecondsOf(running);
  const begun = performance.now();
  const { published, received } = await loop.publish({ ...job, rate: perSecond, count });
  const elapsed = (performance.now() - begun) / 1000;
  await delay(SETTLE_MS);
  return {
    perSecond: count / elapsed,
    cpuMicros: ((cpuSecondsOf(running) - cpu) / count) * 1e6,
    publishMs: percentiles(published),
    receivedMs: percentiles(received),
    ...memory.largest(),
    restPercent: null,
  };
}

async function atRest(wanted: number, running: Running): Promise<Figures> {
  const seconds = Math.max(wanted, REST_SECONDS);
  await delay(CALM_MS);
  const used = coreSecondsOf(running);
  await delay(seconds * 1000);
  const restPercent = ((coreSecondsOf(running) - used) / seconds) * 100;
  return {
    perSecond: null,
    cpuMicros: null,
    publishMs: null,
    receivedMs: null,
    ...memoryOf(running),
    restPercent,
  };
}

interface Publisher extends AsyncDisposable {
  /** Publishes for this many seconds. */
  publish(seconds: number): Promise<Published>;
}

function startPublisher({ origin, paths, token }: Running, requests: Job["requests"]): Publisher {
  const child = startModule("publisher.ts");
  return {
    publish: async (seconds) => {
      child.send({ origin, paths, token, requests, connections: CONNECTIONS, seconds } satisfies Job);
      const published = await nextMessage<Published>(child);
      if (published.refused > 0) throw new Error(`${published.refused} events were refused`);
      return published;
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

function watchMemory(running: Running): Disposable & { largest(): ReturnType<typeof memoryOf> } {
  let most = memoryOf(running);
  const look = (): void => {
    const now = memoryOf(running);
    if (now.pssMib > most.pssMib) most = now;
  };
  const timer = setInterval(look, MEMORY_INTERVAL_MS);
  return {
    largest: () => {
      look();
      return most;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function percentiles(latencies: readonly number[]): Percentiles {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

const SYNCS = 200;

/** Describes this machine, and the speed of the disk with the temporary folder. */
export function machineFacts(): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${type()} ${release()}`,
    syncMs: percentiles(syncTimes()),
  };
}

function syncTimes(): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const file = openSync(join(folder, "sync"), "w");
  try {
    const page = Buffer.alloc(4096, 1);
    return Array.from({ length: SYNCS }, () => {
      const begun = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - begun;
    });
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
