/**
 * Preloaded into a server (`--import`): finds pauses of its main thread and their causes. A timer that is late shows a pause; samples of the
 * CPU profiler, garbage collections and the CPU time of the thread show what took the time. Writes the pauses since the last signal as JSON
 * to the file named by `PAUSES_FILE` on SIGUSR2.
 */
import { writeFileSync, renameSync } from "node:fs";
import { type Profiler, Session } from "node:inspector";
import { PerformanceObserver } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

export interface Pause {
  readonly ms: number;
  /** CPU time of the main thread during the pause. The rest of the time, another thread or program had the core, or a system call waited. */
  readonly cpuMs: number;
  readonly gcMs: number;
  /** The functions with most samples, with their callers from Posthorn's code. */
  readonly functions: readonly string[];
}

const TICK_MS = 5;
const PAUSE_MS = 20;
/** Sampled less often, a pause would have too few samples to name its cause. */
const SAMPLING_MICROS = 500;
/** Bounds the samples that are kept. */
const RESTART_MS = 10_000;
const MAX_FUNCTIONS = 3;
const MAX_COLLECTIONS = 100;
const REPORT_MS = 100;

/** Names the functions that ran in the last `ms` of a profile. */
function functionsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, ms: number): readonly string[] {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counts = new Map<string, number>();
  let micros = 0;
  for (let index = samples.length - 1; index >= 0 && micros < ms * 1000; index--) {
    micros += timeDeltas[index]!;
    const names: string[] = [];
    for (let id: number | undefined = samples[index]; id !== undefined && names.length < 4; id = parents.get(id)) {
      const { functionName, url } = byId.get(id)!.callFrame;
      if (functionName !== "" && functionName !== "(root)" && (names.length === 0 || !url.startsWith("node:")))
        names.push(functionName);
    }
    const name = names.join(" < ");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const ordered = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MAX_FUNCTIONS);
  return ordered.map(([name, count]) => `${name} (${count})`);
}

class PauseProbe {
  readonly #session = new Session();
  readonly #pauses: Pause[] = [];
  readonly #collections: { readonly end: number; readonly ms: number }[] = [];
  #last = 0;
  #lastCpu = 0;
  #profileSince = 0;

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.setSamplingInterval", { interval: SAMPLING_MICROS });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        this.#collections.push({ end: startTime + duration, ms: duration });
      this.#collections.splice(0, Math.max(0, this.#collections.length - MAX_COLLECTIONS));
    }).observe({ entryTypes: ["gc"] });
    this.#startProfile();
    this.#restart();
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  take(): readonly Pause[] {
    return this.#pauses.splice(0);
  }

  #tick(): void {
    const begun = this.#last;
    const ms = performance.now() - begun - TICK_MS;
    if (ms <= PAUSE_MS) {
      if (performance.now() - this.#profileSince > RESTART_MS) this.#stopProfile();
      return this.#restart();
    }
    const ended = performance.now();
    const cpuMs = cpuMillis() - this.#lastCpu;
    const functions = functionsOf(this.#stopProfile(), ms);
    // Garbage collections are reported in a later turn of the event loop.
    setTimeout(() => {
      const during = this.#collections.filter(({ end }) => end > begun && end <= ended);
      this.#pauses.push({ ms, cpuMs, gcMs: during.reduce((sum, one) => sum + one.ms, 0), functions });
    }, REPORT_MS);
    this.#restart();
  }

  /** Call after the probe's own work, which is not a pause of the server. */
  #restart(): void {
    this.#last = performance.now();
    this.#lastCpu = cpuMillis();
  }

  #startProfile(): void {
    this.#profileSince = performance.now();
    this.#session.post("Profiler.start");
  }

  #stopProfile(): Profiler.Profile {
    let stopped: Profiler.Profile | null = null;
    // Within one thread, the answer arrives before the call returns.
    this.#session.post("Profiler.stop", (_, { profile }) => void (stopped = profile));
    this.#startProfile();
    return stopped!;
  }
}

function cpuMillis(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const path = process.env["PAUSES_FILE"];
if (isMainThread && path !== undefined) {
  const probe = new PauseProbe();
  process.on("SIGUSR2", () => {
    writeFileSync(`${path}.new`, JSON.stringify(probe.take()));
    renameSync(`${path}.new`, path);
  });
}
