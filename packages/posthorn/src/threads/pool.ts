/** The threads that run a node beside the main thread: starts them, starts them again after a crash, and stops them. */
import { randomUUID } from "node:crypto";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { RawSettings } from "../config/env.ts";
import { type LoopTime, type PassingTime, systemTime } from "../lib/clock.ts";
import { compiledCodeFolder } from "../lib/compiled-code.ts";
import type { Logger } from "../lib/log.ts";
import { threadFile } from "../lib/thread-file.ts";
import type { PosthornNode } from "../node/node.ts";
import { fixedThreads, MAIN_THREAD, type NodeThread, type OtherThreads } from "../node/thread.ts";
import type { MetricReading } from "../telemetry/types.ts";
import { ThreadGrowth } from "./growth.ts";
import { type LoadMeter, MachineLoadMeter, type MeasuredThread } from "./load.ts";
import { MainHealth } from "./health.ts";
import type { FromThread, SiblingChannel, ThreadStart, ToThread } from "./protocol.ts";
import { crashesInRow, restartDelayMs } from "./restart-delay.ts";
import { ThreadJobExchange } from "./job-exchange.ts";
import { sharesOf } from "./shares.ts";
import { SiblingPorts } from "./siblings.ts";
import { type CountingThread, PoolMetrics } from "./thread-metrics.ts";
import { Watchdog, type WatchedThread } from "./watchdog.ts";

export interface ThreadPoolOptions {
  /** Settings of the process. */
  readonly config: Config;
  /** Maximum number of threads with a node, including the main one. */
  readonly max: number;
  readonly settings: RawSettings;
  readonly log: Logger;
  /** Whether the threads accept requests, on systems where they can. */
  readonly listens: boolean;
  /** Whether `metrics` is called. */
  readonly counts: boolean;
  /** How long the threads may take to stop. Then they are terminated, which takes `END_MS` at most. */
  readonly stopMs: number;
  /** Default: the clock of this machine. */
  readonly time?: PassingTime;
  /** Time of the channels between threads. Default: that of this machine. */
  readonly loop?: LoopTime;
  /** Default: the load of this machine. */
  readonly meter?: LoadMeter;
  /** Default: a worker of Node. */
  readonly startWorker?: StartWorker;
  /** Default: a channel of Node. */
  readonly createChannel?: CreateChannel;
}

/** Creates the channel between two threads. */
export type CreateChannel = () => { readonly port1: MessagePort; readonly port2: MessagePort };

/** Starts a thread with its data. The ports move to it. */
export type StartWorker = (data: ThreadStart, ports: readonly MessagePort[]) => ThreadWorker;

/** What the pool uses of a `Worker`. */
export interface ThreadWorker extends MeasuredThread {
  on(event: "message", listener: (message: FromThread) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code: number) => void): unknown;
  postMessage(message: ToThread, ports: readonly MessagePort[]): void;
  terminate(): Promise<unknown>;
}

/** How long terminating a thread may take before a warning is logged. */
const TERMINATION_MS = 15_000;
/** How long the end of all threads may take when the process stops. */
const END_MS = 5000;
/** How long a stop waits for the end of one thread before it terminates the next: V8 has crashed when threads ended at once (nodejs/node#64500). */
const NEXT_MS = 500;
/** How long a new thread waits for a hanging one, which gets its end of the channel once it responds again. */
const CONNECT_MS = 10_000;

/** The parts of the main thread's node that the other threads need. */
type MainNode = Pick<PosthornNode, "url" | "seat" | "removeNode">;

interface Thread extends WatchedThread, CountingThread {
  readonly number: number;
  readonly worker: ThreadWorker;
  readonly startedAt: number;
  /** `null` until its node runs. On PostgreSQL, it changes when the node rejoins the cluster. */
  nodeId: number | null;
  /**
   * It hung and is being terminated. This can take as long as the system blocks the thread, for instance while reading a file over the network.
   */
  isTerminating: boolean;
  error: unknown;
}

export class ThreadPool implements OtherThreads {
  readonly #options: ThreadPoolOptions;
  readonly #siblings: SiblingPorts;
  readonly #exchange: ThreadJobExchange;
  readonly #threads = new Map<number, Thread>();
  /** Numbers of the threads that should run beside the main one. */
  readonly #wanted = new Set<number>();
  /** Consecutive crashes of each thread. */
  readonly #crashes = new Map<number, number>();
  /** Each cancels a timer. */
  readonly #timers = new Set<() => void>();
  readonly #time: PassingTime;
  readonly #watchdog: Watchdog;
  readonly #metrics: PoolMetrics;
  readonly health: MainHealth;
  /** Numbers of the threads that the system still blocked when `stop` ended: the process can only exit without waiting for them. */
  kept: readonly number[] = [];
  /** Numbers of the threads that have ended and are not running again yet. */
  readonly #missing = new Set<number>();
  #main: MainNode | null = null;
  /** `null` if the number of threads is fixed, or the node is not running yet. */
  #growth: ThreadGrowth | null = null;
  #spawning: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;
  restarts = 0;

  constructor(options: ThreadPoolOptions) {
    const { log, loop } = options;
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#watchdog = new Watchdog(this.#time, () => this.#noteHealth());
    this.#siblings = new SiblingPorts({
      process: randomUUID().slice(0, 8),
      onSilent: (thread) => log.warn({ silent: thread }, `thread ${thread} does not respond`),
      ...(loop && { time: loop }),
    });
    // The others start later, and wait for this thread from their start.
    void this.#siblings.join();
    this.#exchange = new ThreadJobExchange(MAIN_THREAD, this.#siblings, loop);
    this.#metrics = new PoolMetrics(log);
    this.health = new MainHealth(this.#siblings);
  }

  /** For the node of the main thread. */
  get mainThread(): NodeThread {
    const siblings = this.#siblings;
    const join = (): Promise<void> => Promise.resolve();
    const exchange = this.#exchange;
    const { onShare } = sharesOf(this.#options.config, siblings);
    const rest = { health: this.health, url: null, counts: false, others: this, onShare };
    return { number: MAIN_THREAD, siblings, broadcast: siblings, exchange, join, ...rest };
  }

  get unavailable(): number {
    return this.health.problems.length;
  }

  get running(): number {
    return [...this.#threads.values()].filter(({ nodeId }) => nodeId !== null).length;
  }

  /** No other thread has been started that has not ended. */
  get isEmpty(): boolean {
    return this.#threads.size === 0;
  }

  #noteHealth(isNew = false): void {
    const hung = [...this.#threads.values()].filter((thread) => this.#isHung(thread));
    const problems = [
      ...[...this.#missing].map((thread) => ({ thread, state: "ended" }) as const),
      ...hung.map(({ number }) => ({ thread: number, state: "hung" }) as const),
    ];
    this.health.note(problems, isNew);
  }

  #isHung(thread: Thread): boolean {
    return thread.isTerminating || this.#watchdog.isHung(thread);
  }

  /** Starts the threads, or begins to monitor whether more are needed. Called once the main node listens. */
  start(main: MainNode): void {
    this.#main = main;
    const { config, max, meter = new MachineLoadMeter() } = this.#options;
    if (fixedThreads(config) === null) {
      this.#growth = new ThreadGrowth({
        time: this.#time,
        meter,
        others: () => this.#runningWorkers(),
        isComplete: () => this.#wanted.size === max - 1,
        grow: () => this.#grow(),
      });
    } else for (let number = MAIN_THREAD + 1; number <= max; number++) this.#add(number);
  }

  #add(number: number): void {
    this.#wanted.add(number);
    this.#spawn(number);
  }

  #grow(): void {
    let number = MAIN_THREAD + 1;
    while (this.#wanted.has(number)) number++;
    const { log, max } = this.#options;
    log.info({ started: number }, `the threads of this process are busy; starting thread ${number} of at most ${max}`);
    this.#add(number);
  }

  /** `null` if a thread that should run is not running. */
  #runningWorkers(): readonly ThreadWorker[] | null {
    const running = [...this.#threads.values()].filter(({ nodeId }) => nodeId !== null);
    return running.length === this.#wanted.size ? running.map(({ worker }) => worker) : null;
  }

  metrics(): Promise<readonly (readonly MetricReading[])[]> {
    return this.#metrics.read(() => [...this.#threads.values()]);
  }

  /** Resolves when all threads have ended. After a failed start of the main node, which may be retried, there are none. */
  ended(): Promise<void> {
    return this.#main === null ? Promise.resolve() : this.stop();
  }

  /** Stops the threads in order, and terminates those that take too long. Also resolves if some cannot be terminated: see `kept`. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#growth?.[Symbol.dispose]();
    const hung = [...this.#threads.values()].filter((thread) => this.#isHung(thread));
    this.#watchdog[Symbol.dispose]();
    // Not awaited: a thread that is being spawned may wait for one that hangs, and will no longer start.
    const threads = [...this.#threads.values()];
    for (const thread of threads) thread.post({ op: "stop" });
    const terminated = this.#terminateEach(hung);
    await this.#within(this.#options.stopMs, allEnded(threads.filter((thread) => !hung.includes(thread))));
    await this.#within(END_MS, this.#terminateAll(terminated));
    this.kept = [...this.#threads.keys()];
    if (this.kept.length > 0) this.#reportKept();
    this.#exchange[Symbol.dispose]();
    this.#siblings[Symbol.dispose]();
  }

  /** @param terminated Resolves when no other thread is waiting to be terminated. */
  async #terminateAll(terminated: Promise<void>): Promise<void> {
    await terminated;
    const left = [...this.#threads.values()];
    await this.#terminateEach(left);
    await allEnded(left);
  }

  /** Terminates threads one after the other. See `NEXT_MS`. */
  async #terminateEach(threads: readonly Thread[]): Promise<void> {
    for (const thread of threads) {
      if (thread.isTerminating || this.#threads.get(thread.number) !== thread) continue;
      this.#terminateNow(thread);
      await this.#within(NEXT_MS, thread.ended.promise);
    }
  }

  #terminateNow(thread: Thread): void {
    const { number, worker } = thread;
    this.#options.log.warn({ stopped: number }, `thread ${number} does not stop; terminating it`);
    thread.isTerminating = true;
    void worker.terminate();
  }

  #reportKept(): void {
    const names = this.kept.length === 1 ? `thread ${this.kept[0]}` : `threads ${this.kept.join(", ")}`;
    this.#options.log.error(
      { code: "thread_kept", kept: this.kept },
      `the system is blocking ${names}, for example in a read from a network drive that does not respond; the process ends without waiting`,
    );
  }

  /** Waits for work, but at most this long. */
  async #within(ms: number, work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#time.setTimer(ms, resolve);
    await Promise.race([work, promise]);
    cancel();
  }

  /** One after the other, because a new thread needs a channel to each of the others. */
  #spawn(number: number): void {
    this.#spawning = this.#spawning.then(() => this.#spawnNow(number)).catch((err) => this.#notSpawned(number, err));
  }

  /** Happens, for instance, when the system has no memory for another thread. */
  #notSpawned(number: number, err: unknown): void {
    if (this.#growth !== null) this.#giveUp(number, err);
    else if (this.#stopped === null)
      this.#spawnLater(number, 0, (waitMs) => {
        this.#options.log.error({ number, err }, `thread ${number} could not be started; trying again in ${waitMs} ms`);
      });
  }

  /** Continues without a thread that cannot start, which the operator did not ask for. */
  #giveUp(number: number, err: unknown): void {
    if (this.#stopped !== null) return;
    this.#wanted.delete(number);
    this.#missing.delete(number);
    this.#noteHealth();
    this.#growth?.rest();
    this.#options.log.warn(
      { number, err },
      `thread ${number} could not be started; trying again in 10 minutes at the earliest`,
    );
  }

  /** @param ranMs How long it has run. */
  #spawnLater(number: number, ranMs: number, report: (waitMs: number) => void): void {
    this.#missing.add(number);
    this.#noteHealth();
    const crashes = crashesInRow(this.#crashes.get(number) ?? 0, ranMs);
    this.#crashes.set(number, crashes);
    const waitMs = restartDelayMs(crashes);
    report(waitMs);
    this.#after(waitMs, () => {
      this.restarts++;
      this.#spawn(number);
    });
  }

  /** Runs an action later, unless the pool stops first. */
  #after(waitMs: number, act: () => void): void {
    const cancel = this.#time.setTimer(waitMs, () => {
      this.#timers.delete(cancel);
      act();
    });
    this.#timers.add(cancel);
  }

  async #spawnNow(number: number): Promise<void> {
    const { settings, listens, counts } = this.#options;
    const others = [...this.#threads.values()];
    const siblings = await Promise.all(others.map((other) => this.#connect(other, number)));
    if (this.#stopped !== null) return;
    const { port1, port2 } = this.#createChannel();
    this.#siblings.add(number, port1);
    siblings.push({ thread: MAIN_THREAD, port: port2 });
    const ports = siblings.map(({ port }) => port);
    try {
      const { process } = this.#siblings;
      const main = this.#main!;
      const seat = main.seat();
      if (seat !== null) ports.push(seat.port);
      const rest = { seat, siblings, compiled: compiledCodeFolder() };
      const workerData: ThreadStart = { number, settings, url: main.url, listens, process, counts, ...rest };
      this.#watch(this.#threadOf(number, (this.#options.startWorker ?? startWorker)(workerData, ports)));
    } catch (error) {
      // Otherwise the other threads and the SQLite writer would keep their ends open, with everything sent to them.
      for (const port of ports) port.close();
      throw error;
    }
  }

  /** Gives a running thread its end of a channel to a new one, and returns the other end once it has it. */
  async #connect(thread: Thread, to: number): Promise<SiblingChannel> {
    const { port1, port2 } = this.#createChannel();
    const added = Promise.withResolvers<void>();
    const listener = (message: FromThread): void => {
      if (message.op === "sibling added" && message.thread === to) added.resolve();
    };
    thread.listeners.add(listener);
    thread.worker.postMessage({ op: "sibling", sibling: { thread: to, port: port1 } } satisfies ToThread, [port1]);
    await this.#within(CONNECT_MS, Promise.race([added.promise, thread.ended.promise]));
    thread.listeners.delete(listener);
    return { thread: thread.number, port: port2 };
  }

  #createChannel(): ReturnType<CreateChannel> {
    return this.#options.createChannel?.() ?? new MessageChannel();
  }

  #watch(thread: Thread): void {
    this.#threads.set(thread.number, thread);
    this.#watchdog.watch(thread);
    const { worker } = thread;
    worker.on("message", (message: FromThread) => this.#receive(thread, message));
    worker.on("error", (error) => (thread.error = error));
    worker.on("exit", (code) => this.#ended(thread, code));
  }

  #threadOf(number: number, worker: ThreadWorker): Thread {
    const thread: Thread = {
      number,
      worker,
      startedAt: this.#time.monotonic(),
      ended: Promise.withResolvers(),
      nodeId: null,
      isTerminating: false,
      error: null,
      metrics: [],
      listeners: new Set(),
      get isStarting() {
        return thread.nodeId === null;
      },
      post: (message) => worker.postMessage(message, []),
      ping: () => thread.post({ op: "ping" }),
      hangs: (forMs) => this.#terminate(thread, forMs / 1000),
    };
    return thread;
  }

  #terminate(thread: Thread, silentSeconds: number): void {
    const { number, worker } = thread;
    const { log } = this.#options;
    log.error({ hung: number }, `thread ${number} has not responded for ${silentSeconds} s; terminating it`);
    thread.error = new Error(`it did not respond for ${silentSeconds} s`);
    thread.isTerminating = true;
    void worker.terminate();
    this.#after(TERMINATION_MS, () => {
      if (this.#threads.get(number) !== thread) return;
      log.error(
        { hung: number },
        `thread ${number} cannot be terminated: the system is blocking it; restart the process`,
      );
    });
  }

  #receive(thread: Thread, message: FromThread): void {
    this.#watchdog.answered(thread);
    for (const listener of thread.listeners) listener(message);
    if (message.op === "pong") thread.nodeId = message.nodeId;
    if (message.op !== "running") return;
    thread.nodeId = message.nodeId;
    this.#missing.delete(thread.number);
    this.#noteHealth(true);
    const threads = 1 + this.#wanted.size;
    this.#options.log.info(
      { started: thread.number, node: message.nodeId },
      `thread ${thread.number} of ${threads} runs`,
    );
  }

  #ended(thread: Thread, code: number): void {
    const { number, nodeId, error, startedAt } = thread;
    this.#threads.delete(number);
    this.#watchdog.unwatch(thread);
    thread.ended.resolve();
    if (this.#stopped !== null) return;
    if (nodeId !== null) void this.#main!.removeNode(nodeId);
    this.#metrics.keepTotals(thread);
    if (this.#growth !== null && nodeId === null) return this.#giveUp(number, error);
    const err = error ?? new Error(`it ended with code ${code}`);
    this.#spawnLater(number, this.#time.monotonic() - startedAt, (waitMs) => {
      this.#options.log.error({ crashed: number, err }, `thread ${number} has crashed; restarting it in ${waitMs} ms`);
    });
  }
}

function startWorker(workerData: ThreadStart, ports: readonly MessagePort[]): Worker {
  const file = threadFile("./server-thread", import.meta.url);
  return new Worker(file, { workerData, transferList: [...ports], name: `posthorn-${workerData.number}` });
}

async function allEnded(threads: readonly Thread[]): Promise<void> {
  await Promise.all(threads.map(({ ended }) => ended.promise));
}
