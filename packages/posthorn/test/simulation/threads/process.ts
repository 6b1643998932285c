/**
 * One process with several threads, each of which runs a node: the product's `ThreadPool` and everything between the threads, on simulated
 * channels, and one simulated writer thread.
 */
import type { MessagePort } from "node:worker_threads";
import { pino } from "pino";
import { envToConfig } from "../../../src/config/config.ts";
import { readEnv } from "../../../src/config/env.ts";
import type { LoopTime } from "../../../src/lib/clock.ts";
import { MAIN_THREAD, type NodeThread } from "../../../src/node/thread.ts";
import type { SqliteSeat } from "../../../src/store/sqlite/threads/seat.ts";
import { ThreadJobExchange } from "../../../src/threads/job-exchange.ts";
import { ThreadPool } from "../../../src/threads/pool.ts";
import type { ThreadStart } from "../../../src/threads/protocol.ts";
import { sharesOf } from "../../../src/threads/shares.ts";
import type { MachineClock } from "../machine-clock.ts";
import { NAME } from "../database-thread.ts";
import { type NodeWorld, SimulatedNode, type ThreadPlace } from "../node.ts";
import type { Random } from "../random.ts";
import type { Run, Settings } from "../run.ts";
import { Life } from "../virtual-time.ts";
import { asMessagePort, Channels, simulatedPort } from "./channel.ts";
import { ThreadSettings } from "./thread-settings.ts";
import { openThreadStore } from "./thread-store.ts";
import { SimulatedWorker } from "./worker.ts";
import { type MemberWatcher, SEVERAL, SimulatedWriterThread } from "./writer-thread.ts";

/** How long the threads of a process may take to stop beyond its grace period, as in `cli/server/start.ts`. */
const CLOSE_MS = 15_000;
/** Number of the machine, which has one process. */
const MACHINE = 1;
/** Share of the samples in which a process that starts threads when they are needed is busy. */
const BUSY = 0.75;

/** One thread of a process. */
export interface SimulatedThread {
  readonly number: number;
  readonly run: Run;
  readonly life: Life;
}

export interface ProcessOptions {
  readonly world: NodeWorld;
  readonly random: Random;
  readonly clock: MachineClock;
  /** Maximum number of threads. */
  readonly max: number;
  /** Whether the threads start when they are needed. */
  readonly isGrowing: boolean;
  /** Limits of the process. */
  readonly settings: Settings;
  readonly mainLife: Life;
  /** Owner of the events of the writer thread. */
  readonly writerLife: Life;
  readonly watcher: MemberWatcher;
  /** Called when a thread starts. Returns its run. @param settings Its share, which changes with the number of threads. */
  readonly begin: (number: number, life: Life, settings: ThreadSettings) => Run;
  readonly onNode: (thread: SimulatedThread, node: SimulatedNode | null) => void;
  readonly onEnd: (thread: SimulatedThread) => void;
}

export class SimulatedProcess {
  readonly main: SimulatedThread;
  readonly #options: ProcessOptions;
  readonly #channels: Channels;
  readonly #writer: SimulatedWriterThread;
  readonly #pool: ThreadPool;
  readonly #mainSettings: ThreadSettings;
  readonly #workers = new Map<number, SimulatedWorker>();
  /** Runs of the threads, by their ends of the channels to the writer thread. */
  readonly #runs = new Map<MessagePort, Run>();
  #node: SimulatedNode | null = null;

  constructor(options: ProcessOptions) {
    const { world, random, mainLife, writerLife, watcher, begin } = options;
    const { time, database } = world;
    this.#options = options;
    this.#channels = new Channels({ time, random });
    this.#pool = this.#createPool();
    this.#mainSettings = this.#threadSettings();
    this.main = { number: MAIN_THREAD, life: mainLife, run: begin(MAIN_THREAD, mainLife, this.#mainSettings) };
    const process = this.main.run.number;
    this.#writer = new SimulatedWriterThread({ time, random, database, life: writerLife, process, watcher });
  }

  /** Whether every thread is running that should run. */
  get isComplete(): boolean {
    const { max, isGrowing } = this.#options;
    if (this.#node === null || this.#pool.unavailable > 0) return false;
    return isGrowing || this.#pool.running === max - 1;
  }

  /** Starts the main thread, and then the others. */
  async start(): Promise<void> {
    const seat = this.#seat();
    this.#runs.set(seat.port, this.main.run);
    const node = await this.#startNode(this.main, seat, { ...this.#pool.mainThread, settings: this.#mainSettings });
    this.#node = node;
    this.#options.onNode(this.main, node);
    this.#pool.start({ url: "", seat: () => this.#seat(), removeNode: () => Promise.resolve() });
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    void this.#pool.stop();
    await this.#node!.stop();
  }

  /** A thread other than the main one crashes. */
  crash(number: number): void {
    this.#workers.get(number)?.end(1);
  }

  #createPool(): ThreadPool {
    const { random, max, isGrowing, settings, mainLife } = this.#options;
    const raw = readEnv({ environment: { POSTHORN_THREADS: isGrowing ? "auto" : String(max) } });
    const loop = this.#loop(mainLife);
    return new ThreadPool({
      config: envToConfig(raw),
      max,
      settings: raw,
      log: pino({ level: "silent" }),
      listens: false,
      counts: false,
      stopMs: settings.shutdownTimeoutMs + CLOSE_MS,
      time: loop,
      loop,
      meter: {
        threads: () => (random.chance(BUSY) ? { busiest: 1, mean: 1 } : { busiest: 0, mean: 0 }),
        spareCores: () => 1,
      },
      createChannel: () => {
        const [port1, port2] = this.#channels.create(mainLife);
        return { port1: asMessagePort(port1), port2: asMessagePort(port2) };
      },
      startWorker: (start) => this.#startWorker(start, start.seat!),
    });
  }

  #threadSettings(): ThreadSettings {
    const { settings, max, isGrowing } = this.#options;
    return new ThreadSettings(settings, isGrowing ? 1 : max);
  }

  /** Time and event loop of a thread. */
  #loop(life: Life): LoopTime {
    const { world, clock } = this.#options;
    return { ...clock.for(life), afterTurn: (callback) => world.time.after(life, 0, callback) };
  }

  /** A channel to the writer thread. Its run is known when the thread starts. */
  #seat(): SqliteSeat {
    const [writerEnd, end] = this.#channels.create(this.#options.mainLife);
    const port = asMessagePort(end);
    this.#writer.add(writerEnd, () => this.#runs.get(port)?.number ?? SEVERAL);
    return { path: NAME, port, words: this.#writer.words.memory, walLoss: null };
  }

  #startWorker(start: ThreadStart, seat: SqliteSeat): SimulatedWorker {
    const { world, random, mainLife, begin, onNode, onEnd } = this.#options;
    const { number } = start;
    const life = new Life();
    const settings = this.#threadSettings();
    const thread = { number, life, run: begin(number, life, settings) };
    this.#runs.set(seat.port, thread.run);
    simulatedPort(seat.port).life = life;
    const loop = this.#loop(life);
    const worker = new SimulatedWorker({
      start,
      time: world.time,
      random,
      mainLife,
      life,
      loop,
      startNode: (siblings) => {
        const { share, onShare } = sharesOf(envToConfig(start.settings), siblings);
        settings.divide(share);
        const exchange = new ThreadJobExchange(number, siblings, loop);
        return this.#startNode(thread, seat, { siblings, exchange, join: () => siblings.join(), onShare, settings });
      },
      onNode: (node) => onNode(thread, node),
      onEnd: () => {
        this.#channels.ended(life);
        world.database.drop(thread.run.number);
        onEnd(thread);
      },
    });
    this.#workers.set(number, worker);
    return worker;
  }

  #startNode(
    { number, run, life }: SimulatedThread,
    seat: SqliteSeat,
    { siblings, exchange, join, onShare, settings }: ThreadParts,
  ): Promise<SimulatedNode> {
    const { world, writerLife: serverLife } = this.#options;
    const { time, database } = world;
    const client = { life, serverLife, run: run.number, machine: MACHINE, fences: null };
    const thread: ThreadPlace = {
      number,
      exchange,
      join,
      openStore: () => openThreadStore({ time, database, writer: this.#writer }, client, { seat, siblings }),
      othersEnded: () => (number === MAIN_THREAD ? this.#pool.ended() : Promise.resolve()),
      onLimits: (listener) => {
        settings.onChange = listener;
        onShare((share) => settings.divide(share));
      },
    };
    return SimulatedNode.start(world, { run, life, serverLife, thread });
  }
}

/** The parts of its thread that a node uses. */
interface ThreadParts extends Pick<NodeThread, "siblings" | "exchange" | "join" | "onShare"> {
  readonly settings: ThreadSettings;
}
